// What a rule asks for: builders of the inputs and occasions that `plan` answers with.

/** Most inputs of one plan. */
const INPUTS_MAX = 64;
/** Most occasions of one plan. */
const OCCASIONS_MAX = 16;

const input = (type, source) => ({ type, source });

/** `{ plan: "gold" }` as conditions; a list is one already. */
function conditions(where) {
  if (where === undefined || Array.isArray(where)) {
    return where;
  }
  return Object.entries(where).map(([field, value]) => ({ field, operator: "eq", value }));
}

export function events(event, { where, within } = {}) {
  return { event, where: conditions(where), within };
}

/** What a selection of events is made of: one made by `events`, or the bare name. */
const selection = (selected) => (typeof selected === "string" ? { event: selected } : selected);

export const attribute = (name, type) => input(type, { attribute: name });
export const eventField = (name, type) => input(type, { event_field: name });
export const occurredAt = () => input("instant", "occurred_at");
export const count = (of) => input("integer", { count: selection(of) });
export const sum = (of, field) => input("number", { sum: { of: selection(of), field } });
export const first = (of) => input("instant", { first: { of: selection(of) } });
export const firstField = (of, field, type) => input(type, { first: { of: selection(of), field } });
export const last = (of) => input("instant", { last: { of: selection(of) } });
export const lastField = (of, field, type) => input(type, { last: { of: selection(of), field } });
export const recent = (of, most) => input("json", { recent: { of: selection(of), count: most } });
export const memberOf = (segment) => input("boolean", { segment });
export const kept = (name, type) => input(type, { kept: name });
export const armTaken = (step) => input("text", { arm_taken: step });
export const table = (name, { keyInput, orderBy, rowsMax } = {}) =>
  input("json", { table: { table: name, key_input: keyInput, order_by: orderBy, rows_max: rowsMax } });
export const occasion = () => input("integer", "occasion");
export const armKey = () => input("text", "arm_key");
export const clock = () => input("instant", "clock");
export const seed = () => input("integer", "seed");

export function onEvent(event, { where } = {}) {
  return { event: { event, where: conditions(where) } };
}

/** An event that takes an arm away, as `arm` has it. */
export function cancelling(pattern) {
  const { event, where } = selection(pattern);
  return { event, where: conditions(where) ?? [] };
}

/** The plan as the contract has it, from what a rule's `plan` answers. */
export function planDocument({ inputs = {}, occasions = [] }) {
  const entries = Object.entries(inputs);
  if (entries.length > INPUTS_MAX) {
    throw new Error(`this reads ${entries.length} different values, at most ${INPUTS_MAX} are allowed`);
  }
  if (occasions.length > OCCASIONS_MAX) {
    throw new Error(`this has ${occasions.length} occasions, at most ${OCCASIONS_MAX} are allowed`);
  }
  return {
    format: 1,
    inputs: entries.map(([name, { source, type }]) => {
      if (typeof type !== "string") {
        throw new Error(`the input ${JSON.stringify(name)} says no type`);
      }
      return { name, source, type };
    }),
    occasions,
  };
}
