// Shows the page in a document of happy-dom, which stands in for a browser's, and presses its buttons.
import { Window } from 'happy-dom';
import { setTimeout as sleep } from 'node:timers/promises';

const window = new Window({ url: 'http://localhost/' });
const { document: page, navigator } = window;
for (const [name, value] of Object.entries({ window, document: page, navigator })) {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
}
// React looks for the document as soon as it is loaded.
const { createRoot } = await import('react-dom/client');
const { App } = await import('./App');
const { asked, environment, GRAPH } = await import('./environment');

const root = document.createElement('main');
document.body.append(root);

/** Wait until the page shows something. */
async function shown<T>(what: string, look: () => T | null | undefined | false): Promise<T> {
  for (let tries = 0; tries < 500; tries += 1) {
    const found = look();
    if (found) return found;
    await sleep(20);
  }
  throw new Error(`${what} was not shown: ${root.textContent}`);
}
const cards = () => [...root.querySelectorAll<HTMLElement>('li[data-code]')];
const button = (within: ParentNode, text: string) =>
  [...within.querySelectorAll('button')].find((each) => each.textContent === text);

console.log(`# ${GRAPH}`);
createRoot(root).render(<App text={process.argv[2] ?? null} />);
await shown('a list', () => root.querySelector('h1'));
console.log(`first page: ${root.querySelector('h1')?.textContent}`);

for (let more = button(root, 'More'); more; more = button(root, 'More')) {
  const before = cards().length;
  more.click();
  await shown('another page', () => cards().length > before);
}
console.log(`all pages: ${root.querySelector('h1')?.textContent}`);

const first = cards()[0];
if (first) {
  const count = asked.length;
  button(first, 'Ask again')?.click();
  await shown('the first one again', () => asked.length > count);
  // What came is put into the store and onto the page.
  await sleep(50);
}
for (const card of cards()) {
  console.log(`${card.dataset.code}  ${card.querySelector('h2')?.textContent}`);
  for (const requirement of card.querySelectorAll<HTMLElement>('li[data-requirement]')) {
    console.log(`    ${requirement.dataset.requirement}: ${requirement.textContent}`);
  }
}
console.log(`asked: ${asked.join(', ')}`);
const kept = environment.getStore().getSource().getRecordIDs();
const own = kept.filter((id) => !id.startsWith('client:'));
console.log(`kept by an id of their own: ${own.length}`);
process.exit();
