// Runs a plugin natively in its author's own tests, through the very exports that the server calls.
//
// A plugin is given as its module: `import * as plugin from "../rule.js"`.
import { deepStrictEqual, ok } from "node:assert/strict";

import { sandboxed } from "./sandbox.js";

/** The clock of a case that gives none, as on the server: 2026-01-01T00:00:00Z. */
const NOW_MS = 1_767_225_600_000;
const KINDS = ["trigger", "segment", "personalizer"];

/** What has the column's type, as the contract hands it over; another type counts as missing. */
const VALUE_OF = {
  number: (given) => (typeof given === "number" ? { tag: "number", val: given } : undefined),
  integer: (given) => (Number.isInteger(given) ? { tag: "integer", val: BigInt(given) } : undefined),
  text: (given) => (typeof given === "string" ? { tag: "text", val: given } : undefined),
  boolean: (given) => (typeof given === "boolean" ? { tag: "boolean", val: given } : undefined),
  instant: (given) => {
    const ms = given instanceof Date ? given.getTime() : typeof given === "string" ? Date.parse(given) : given;
    return Number.isInteger(ms) ? { tag: "instant", val: BigInt(ms) } : undefined;
  },
  json: (given) => ({ tag: "json", val: JSON.stringify(given) }),
  any: (given) => {
    const kind = ["integer", "number", "text", "boolean"].find((type) => VALUE_OF[type](given));
    return kind ? VALUE_OF[kind](given) : VALUE_OF.json(given);
  },
};

function valueOf({ name, source, type }, { given = {}, occasion = 0 }) {
  const value = given[name];
  if (value !== undefined && value !== null) {
    return VALUE_OF[type](value);
  }
  const standing = { occasion, seed: 0, clock: NOW_MS }[source];
  return standing === undefined ? undefined : VALUE_OF[type](standing);
}

function columnOf(input, contacts) {
  const values = contacts.map((contact) => valueOf(input, contact));
  if (input.source === "clock") {
    return { values: { tag: "constant", val: values[0] }, missing: [] };
  }
  if (values.every((value) => value === undefined)) {
    return { values: { tag: "absent" }, missing: [] };
  }
  const missing = values.flatMap((value, row) => (value === undefined ? [row] : []));
  const [tag, list] =
    input.type === "any"
      ? ["mixed", values.map((value) => value ?? { tag: "boolean", val: false })]
      : [`${input.type}s`, values.map((value) => value?.val)];
  return { values: { tag, val: list }, missing: Uint32Array.from(missing) };
}

function checkNames(inputs, contacts) {
  const names = inputs.map(({ name }) => name);
  const stranger = contacts.flatMap(({ given = {} }) => Object.keys(given)).find((name) => !names.includes(name));
  if (stranger !== undefined) {
    throw new Error(`a value is given for ${JSON.stringify(stranger)}, the plan's inputs are ${names.join(", ")}`);
  }
}

/** As the server writes instants: no zeros behind the second. */
const isoOrNone = (ms) => (ms === undefined ? undefined : new Date(Number(ms)).toISOString().replace(/\.?0+Z$/, "Z"));

/** A verdict in the form that `signalbox plugin check` prints, without the members that say nothing. */
function readable(answer, reasons) {
  if (answer.tag === "err") {
    return { failed: answer.val };
  }
  const { member, enter, arm, values, subject, variant, recheckAt, sendAt, reason } = answer.val;
  const verdict = {
    member,
    enter: enter && without({ key: enter.key }),
    arm: arm && {
      at: isoOrNone(arm.at),
      key: arm.key,
      cancelled_by: arm.cancelledBy.map(({ event, conditions }) => ({ event, where: JSON.parse(conditions || "[]") })),
    },
    values: values === undefined ? undefined : JSON.parse(values),
    subject,
    variant,
    send_at: isoOrNone(sendAt),
    recheck_at: isoOrNone(recheckAt),
    reason: reasons[reason].code,
  };
  return without(verdict);
}

const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

function onlyKind(plugin) {
  const kinds = KINDS.filter((kind) => plugin[kind]);
  ok(kinds.length === 1, `say which rule is meant: { kind: ${kinds.map((kind) => `"${kind}"`).join(" | ")} }`);
  return kinds[0];
}

export const describe = (plugin) => JSON.parse(plugin.plugin.describe());

export function plan(plugin, config, { kind = onlyKind(plugin) } = {}) {
  return JSON.parse(sandboxed(() => plugin[kind].plan(JSON.stringify(config))));
}

export function decideAll(plugin, config, contacts, { kind = onlyKind(plugin) } = {}) {
  const { inputs } = plan(plugin, config, { kind });
  checkNames(inputs, contacts);
  const { reasons } = describe(plugin).rules[kind];
  const columns = inputs.map((input) => columnOf(input, contacts));
  const batch = { rows: contacts.length, columns };
  const answers = sandboxed(() => plugin[kind].decide(JSON.stringify(config), batch));
  return answers.map((answer) => readable(answer, reasons));
}

export function decide(plugin, { config, given, occasion, kind }) {
  return decideAll(plugin, config, [{ given, occasion }], { kind: kind ?? onlyKind(plugin) })[0];
}

/** Whether the answer has every member that is expected of it; null and an absent member are the same. */
function meets(found, expected) {
  if (Array.isArray(expected)) {
    return Array.isArray(found) && found.length === expected.length && expected.every((item, i) => meets(found[i], item));
  }
  if (typeof expected === "object" && expected !== null) {
    return Object.entries(expected).every(([name, value]) => meets(found?.[name], value));
  }
  return (found ?? null) === (expected ?? null);
}

function checkKind(plugin, kind, cases) {
  const groups = new Map();
  for (const { name, config, given, occasion, expect } of cases) {
    const found = decide(plugin, { config, given, occasion, kind });
    ok(meets(found, expect), `${name}: expected ${JSON.stringify(expect)}, found ${JSON.stringify(found)}`);
    const { inputs } = plan(plugin, config, { kind });
    const clock = inputs.find(({ source }) => source === "clock")?.name;
    const company = JSON.stringify([config, given?.[clock]]);
    groups.set(company, [...(groups.get(company) ?? []), { config, contact: { given, occasion }, found }]);
  }
  for (const group of groups.values()) {
    for (const order of [group, group.toReversed()]) {
      const contacts = order.map(({ contact }) => contact);
      const together = decideAll(plugin, group[0].config, contacts, { kind });
      deepStrictEqual(
        together,
        order.map(({ found }) => found),
        "a contact's answer depends on who else is in the batch",
      );
    }
  }
}

export function checkCases(plugin) {
  for (const [kind, { cases }] of Object.entries(describe(plugin).rules)) {
    ok(cases.length > 0, `the ${kind} has no cases`);
    checkKind(plugin, kind, cases);
  }
}
