// What a rule's author imports. The types and their documentation are in `index.d.ts`.
//
// The sandbox comes first: it takes the clock and chance away before any other module can look at them.
import "./sandbox.js";

export {
  armKey,
  armTaken,
  attribute,
  clock,
  count,
  eventField,
  events,
  first,
  firstField,
  kept,
  last,
  lastField,
  memberOf,
  occasion,
  occurredAt,
  onEvent,
  recent,
  seed,
  sum,
  table,
} from "./plan.js";
export { enter, arm, inside, nothing, outside, personalize } from "./verdict.js";
export { Random } from "./random.js";
export { definePlugin } from "./plugin.js";
