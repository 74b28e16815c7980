// @ts-check
/**
 * Entry of `/docs`: the server's description of its HTTP routes, to be read. Everything in it reaches
 * the page as text.
 */
import { find } from './page/dom.js';
import { element } from './page/element.js';

/**
 * @typedef {object} Operation
 * @property {string} summary
 * @property {string} [description]
 * @property {{name: string, in: string, schema: object}[]} parameters
 * @property {{content: Record<string, {schema: object}>}} [requestBody]
 * @property {Record<string, {description: string, content?: Record<string, {schema: object}>}>} responses
 */

/** @param {string} method @param {string} path @param {Operation} operation */
function route(method, path, operation) {
  const { summary, description, parameters, requestBody, responses } = operation;
  const box = element('details', { class: 'route' });
  box.append(
    element('summary', {}, element('strong', {}, method.toUpperCase()), ` ${path}: ${summary}`),
    ...(description ? [element('p', {}, description)] : []),
    ...parameters.map((each) => part(`${each.name} (${each.in})`, each.schema)),
    ...contents('Body', requestBody?.content),
    ...Object.entries(responses).flatMap(([status, answer]) => {
      const name = status === 'default' ? 'Any other answer' : `Answer ${status}`;
      return answer.content ? contents(name, answer.content) : [element('p', {}, name)];
    }),
  );
  return box;
}

/** @param {string} name @param {Record<string, {schema: object}>} [content] */
function contents(name, content = {}) {
  return Object.entries(content).map(([type, { schema }]) => part(`${name}: ${type}`, schema));
}

/** @param {string} name @param {object} schema */
function part(name, schema) {
  const scroll = element('pre', { tabindex: '0', 'aria-label': name }, JSON.stringify(schema, null, 2));
  return element('section', {}, element('p', {}, name), scroll);
}

try {
  const answer = await fetch('/openapi.json', { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`The server answers ${answer.status}.`);
  const { info, paths } = await answer.json();
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      find('routes', HTMLElement).append(route(method, path, operation));
    }
  }
  find('about', HTMLElement).textContent = `${info.title} ${info.version}. ${info.description}`;
} catch {
  find('about', HTMLElement).textContent = 'The server does not answer.';
}
