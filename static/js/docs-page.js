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
    element(
      'summary', {},
      element('strong', {}, method.toUpperCase()), ' ', element('code', {}, path), ' ',
      element('span', { class: 'route-about' }, summary),
    ),
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
  const text = JSON.stringify(schema, null, 2);
  const scroll = element('pre', { tabindex: '0', role: 'region', 'aria-label': name }, text);
  return element('section', {}, element('p', { class: 'part-name' }, name), scroll);
}

/**
 * The document with what it refers to in its place: nobody wants to look for `#/components/…`.
 *
 * @param {any} document
 * @returns {any}
 */
function resolved(document) {
  /** @param {any} value @returns {any} */
  const within = (value) => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(within);
    if (typeof value.$ref === 'string') {
      const [, ...steps] = value.$ref.split('/');
      return within(steps.reduce((/** @type {any} */ at, /** @type {string} */ step) => at[step], document));
    }
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, within(each)]));
  };
  return within(document);
}

try {
  const answer = await fetch('/openapi.json', { signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`The server answers ${answer.status}.`);
  const { info, paths } = resolved(await answer.json());
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      find('routes', HTMLElement).append(route(method, path, operation));
    }
  }
  find('about', HTMLElement).textContent = `${info.title} ${info.version}. ${info.description}`;
} catch {
  find('about', HTMLElement).textContent = 'The server does not answer.';
}
