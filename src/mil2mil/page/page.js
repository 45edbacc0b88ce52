"use strict";

// All that comes from the server is put into the page as text, never as HTML.

const MOST_ROWS = 1000; // more would make the page slow; a download has them all
const ACCEPT = "application/sparql-results+json, text/turtle;q=0.5";
const XSD = "http://www.w3.org/2001/XMLSchema#";

const byId = (id) => document.getElementById(id);
const box = byId("query");
let told = { base: "", prefixes: {}, questions: [] };
const narrow = matchMedia("(max-width: 63.99rem)"); // as in page.css: there the answer is out of sight
let running = null; // what can stop the query that is under way

function make(name, text, attributes = {}) {
  const node = document.createElement(name);
  node.textContent = text;
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function counted(number, what) {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}

function hashOf(query) {
  return `#query=${encodeURIComponent(query)}`;
}

// The longest namespace that fits, so that a term is m2m:date, and a record its id.
function short(iri) {
  let best = ["", ""];
  for (const [prefix, namespace] of Object.entries(told.prefixes)) {
    if (iri.startsWith(namespace) && namespace.length > best[1].length) best = [`${prefix}:`, namespace];
  }
  if (best[1]) return best[0] + iri.slice(best[1].length);
  return iri.startsWith(told.base) ? iri.slice(told.base.length) : iri;
}

function declared(names) {
  return names.map((name) => `PREFIX ${name}: <${told.prefixes[name]}>\n`).join("");
}

function defaultQuery() {
  return `${declared(["m2m", "prov", "rdfs", "skos", "xsd"])}
SELECT ?contact ?label ?date ?modality {
  ?contact a/rdfs:subClassOf* m2m:Contact ; rdfs:label ?label ; m2m:modality/skos:prefLabel ?modality .
  OPTIONAL { ?contact m2m:date ?date ; m2m:earliest ?day }
}
ORDER BY ?day ?label
`;
}

// What is said of a node, and where it is used.
function description(iri) {
  return `${declared(["rdfs", "skos"])}
SELECT DISTINCT ?property ?value ?used_by ?label {
  { <${iri}> ?property ?value . BIND(?value AS ?other) }
  UNION
  { ?used_by ?property <${iri}> . BIND(?used_by AS ?other) }
  OPTIONAL { ?other rdfs:label|skos:prefLabel ?label }
}
ORDER BY ?used_by ?property ?value
`;
}

function cellOf(term) {
  const cell = make("td", "");
  if (!term) return cell;
  if (term.type === "uri") {
    const ours = term.value.startsWith(told.base);
    const target = ours ? hashOf(description(term.value)) : term.value;
    if (ours || /^https?:/.test(term.value)) {
      cell.append(make("a", short(term.value), { href: target, title: term.value, rel: "noreferrer" }));
    } else {
      cell.textContent = term.value;
    }
  } else {
    cell.textContent = term.value;
  }
  if (cell.textContent.length > 24) cell.classList.add("long"); // may break anywhere, as IRIs must
  if (/^(integer|decimal|double|date)$/.test((term.datatype || "").replace(XSD, ""))) cell.classList.add("number");
  return cell;
}

function tableOf(names, rows) {
  const table = document.createElement("table");
  const head = table.createTHead().insertRow();
  for (const name of names) head.append(make("th", name, { scope: "col" }));
  const body = table.createTBody();
  for (const row of rows) body.insertRow().append(...names.map((name) => cellOf(row[name])));
  return table;
}

function show(status, node, wrong = "") {
  byId("status").textContent = status;
  byId("error").textContent = wrong;
  byId("error").hidden = !wrong;
  byId("answer").replaceChildren(...(node ? [node] : []));
  byId("answer").hidden = !node;
  byId("answer").scrollTo(0, 0);
  byId("downloads").hidden = !node;
}

function finish(status, node, wrong = "") {
  show(status, node, wrong);
  if (narrow.matches) byId("answer-title").scrollIntoView();
}

async function ask(query, accept, signal) {
  const response = await fetch("query", {
    method: "POST",
    headers: { Accept: accept, "Content-Type": "application/sparql-query" },
    body: query,
    signal,
  });
  if (!response.ok) throw new Error((await response.text()).trim());
  return response;
}

function showAnswer(response, text, seconds) {
  const time = `${seconds.toFixed(seconds < 10 ? 2 : 0)} s`;
  if (!response.headers.get("Content-Type").includes("json")) {
    finish(`A graph, in ${time}`, make("pre", text));
    return;
  }
  const result = JSON.parse(text);
  if ("boolean" in result) {
    finish(`In ${time}`, make("pre", result.boolean ? "Yes" : "No"));
    return;
  }
  const rows = result.results.bindings;
  const some = rows.length > MOST_ROWS ? `; the first ${MOST_ROWS.toLocaleString("en")} are shown` : "";
  const names = result.head.vars;
  finish(`${counted(rows.length, "row")} in ${time}${some}`, rows.length ? tableOf(names, rows.slice(0, MOST_ROWS)) : null);
}

async function run() {
  const query = box.value;
  if (running) running.abort();
  const mine = new AbortController();
  running = mine;
  markCurrent();
  show("Asking…", null);
  const start = performance.now();
  try {
    const response = await ask(query, ACCEPT, mine.signal);
    const text = await response.text();
    if (running === mine) showAnswer(response, text, (performance.now() - start) / 1000);
  } catch (error) {
    if (running !== mine) return;
    const gone = error instanceof TypeError; // what fetch throws without a connection
    finish("No answer", null, gone ? "The server does not answer. Does mil2mil serve still run?" : error.message);
  }
}

// Runs the query that stands in the box, with an address to come back to.
function runAndKeep() {
  if (location.hash === hashOf(box.value)) run();
  else location.hash = hashOf(box.value);
}

async function download(button) {
  const { ending, type } = button.dataset;
  try {
    const response = await ask(box.value, type);
    const address = URL.createObjectURL(await response.blob());
    make("a", "", { href: address, download: `mil2mil.${ending}` }).click();
    URL.revokeObjectURL(address);
  } catch (error) {
    byId("error").textContent = error.message;
    byId("error").hidden = false;
  }
}

function markCurrent() {
  for (const link of byId("questions").querySelectorAll("a")) {
    if (link.hash === hashOf(box.value)) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

function put(query) {
  box.value = query;
  box.rows = Math.min(Math.max(query.split("\n").length, 8), 26);
}

// The address decides: a question, a node and a link from elsewhere are all the same.
function follow() {
  if (!location.hash.startsWith("#query=")) {
    put(defaultQuery());
    show("Nothing is asked yet.", null);
    return;
  }
  try {
    const query = decodeURIComponent(location.hash.slice("#query=".length));
    if (query !== box.value) put(query);
    run();
  } catch {
    show("No answer", null, "The address of this page does not hold a query that can be read.");
  }
}

async function begin() {
  try {
    told = await (await fetch("questions.json")).json();
  } catch {
    show("", null, "The server does not answer. Does mil2mil serve still run?");
    return;
  }
  for (const { title, query } of told.questions) {
    const item = document.createElement("li");
    item.append(make("a", title, { href: hashOf(query) }));
    byId("questions").append(item);
  }
  byId("run").addEventListener("click", runAndKeep);
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      runAndKeep();
    }
  });
  for (const button of byId("downloads").querySelectorAll("button")) {
    button.addEventListener("click", () => download(button));
  }
  addEventListener("hashchange", follow);
  follow();
}

begin();
