// PostGraphile as its documentation sets it up (the Amber preset), without its IDE.
import { createServer } from "node:http";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";

const { PGHOST, PGPORT, PGUSER, PGDATABASE, PORT } = process.env;
const preset = {
  extends: [PostGraphileAmberPreset],
  pgServices: [
    makePgService({
      poolConfig: { host: PGHOST, port: Number(PGPORT), user: PGUSER, database: PGDATABASE, max: 10 },
      schemas: ["peer"],
    }),
  ],
  // The timeline is a list in zhupei's graph, not a connection.
  schema: { defaultBehavior: "+connection +list" },
  grafserv: { graphiql: false, watch: false },
  grafast: { explain: false },
};
const instance = postgraphile(preset);
const serv = instance.createServ(grafserv);
const server = createServer();
server.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
await serv.addTo(server);
server.listen(Number(PORT), "127.0.0.1");
