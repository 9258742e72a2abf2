// Starts GraphiQL with the options that the page carries as JSON.
"use strict";

const base = document.currentScript.src.replace(/start\.js.*$/, "");
const version = new URL(document.currentScript.src).search;
const workers = { json: "json.worker.js", graphql: "graphql.worker.js" };

self.MonacoEnvironment = {
  globalAPI: false,
  getWorkerUrl: (_module, label) => base + (workers[label] ?? "editor.worker.js") + version,
};

YogaGraphiQL.renderYogaGraphiQL(
  document.getElementById("root"),
  JSON.parse(document.getElementById("options").textContent),
);
