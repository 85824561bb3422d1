// Makes the contract's exports of what an author defines, and lets no exception out of them.
import { Batch, Contact } from "./contact.js";
import { planDocument } from "./plan.js";
import { provide } from "./sandbox.js";
import { lowered } from "./verdict.js";

const KINDS = ["trigger", "segment", "personalizer"];
/** The schema of a rule that has nothing to fill in. */
const NO_CONFIG = { type: "object", additionalProperties: false };

/** What was thrown, as a text for people. */
function messageOf(thrown) {
  if (thrown instanceof Error) {
    return thrown.message || thrown.name;
  }
  return String(thrown);
}

/** The engines answer with the contract's error only for a thrown text. */
function orThrowText(run) {
  try {
    return run();
  } catch (thrown) {
    throw messageOf(thrown);
  }
}

const failed = (thrown) => ({ tag: "err", val: messageOf(thrown) });

function description({ name, version, title, summary, ...rules }) {
  const described = KINDS.filter((kind) => rules[kind]).map((kind) => {
    const { config = NO_CONFIG, reasons, cases = [] } = rules[kind];
    const titles = Object.entries(reasons).map(([code, reason]) => ({ code, title: reason }));
    return [kind, { config_schema: config, reasons: titles, cases }];
  });
  return { format: 1, name, version, title, summary, rules: Object.fromEntries(described) };
}

function exported(kind, rule) {
  const codes = Object.keys(rule.reasons);
  const planOf = (config) => planDocument(rule.plan(config));

  function decideRow(config, batch, row) {
    const contact = new Contact(batch, row);
    let random;
    // One generator a contact, made only where somebody draws.
    const draw = () => (random ??= contact.random()).fraction();
    provide(batch.clockMs, batch.hasSeed ? draw : undefined);
    try {
      return { tag: "ok", val: lowered(rule.decide(config, contact), kind, codes) };
    } catch (thrown) {
      return failed(thrown);
    }
  }

  return {
    plan: (config) => orThrowText(() => JSON.stringify(planOf(JSON.parse(config)))),
    decide(text, columns) {
      const rows = Array.from({ length: columns.rows }, (_, row) => row);
      try {
        const config = JSON.parse(text);
        const batch = new Batch(columns, planOf(config));
        return rows.map((row) => decideRow(config, batch, row));
      } catch (thrown) {
        return rows.map(() => failed(thrown));
      } finally {
        provide(undefined, undefined);
      }
    },
  };
}

export function definePlugin({ name, version, title, summary, ...rules }) {
  const stranger = Object.keys(rules).find((kind) => !KINDS.includes(kind));
  if (stranger !== undefined) {
    throw new Error(`a plugin has no ${JSON.stringify(stranger)}; its rules are ${KINDS.join(", ")}`);
  }
  const exports = { plugin: { describe: () => described } };
  for (const kind of KINDS.filter((kind) => rules[kind])) {
    exports[kind] = exported(kind, rules[kind]);
  }
  const described = JSON.stringify(description({ name, version, title, summary, ...rules }));
  return exports;
}
