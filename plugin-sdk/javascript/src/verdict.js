// What a rule answers, and the contract's form of it.
//
// A verdict that is made here is checked here: the engines trap on wrong types or bend them in silence.
import { cancelling } from "./plan.js";

/** A 64-bit whole number as the engine wants it: StarlingMonkey a BigInt, QuickJS a number. */
const s64 = typeof SIGNALBOX_BIGINT === "boolean" && SIGNALBOX_BIGINT ? BigInt : (number) => number;

function text(value, what) {
  if (typeof value !== "string") {
    throw new TypeError(`${what} must be a text, not ${typeof value}`);
  }
  return value;
}

const textOrNone = (value, what) => (value === undefined ? undefined : text(value, what));

/** Milliseconds of a Date or a number. */
function instant(value, what) {
  const ms = value instanceof Date ? value.getTime() : value;
  if (!Number.isSafeInteger(ms)) {
    throw new TypeError(`${what} must be a valid Date or whole milliseconds since 1970`);
  }
  return s64(ms);
}

const instantOrNone = (value, what) => (value === undefined ? undefined : instant(value, what));

class Verdict {
  constructor(kind, reason, raw) {
    this.kind = kind;
    this.reason = reason;
    this.raw = raw;
  }
}

const member = (isIn) => (reason, { recheckAt } = {}) =>
  new Verdict("segment", reason, { member: isIn, recheckAt: instantOrNone(recheckAt, "recheckAt") });

export const inside = member(true);
export const outside = member(false);

function armed({ at, key, cancelledBy = [] }) {
  return {
    at: instant(at, "the arm's `at`"),
    key: text(key, "the arm's `key`"),
    cancelledBy: cancelledBy.map(cancelling).map(({ event, where }) => ({
      event: text(event, "the event of `cancelledBy`"),
      conditions: where.length === 0 ? "" : JSON.stringify(where),
    })),
  };
}

export const enter = (reason, { key, arm: wanted } = {}) =>
  new Verdict("trigger", reason, {
    enter: { key: textOrNone(key, "the entry's `key`") },
    arm: wanted && armed(wanted),
  });

export const arm = (reason, wanted) => new Verdict("trigger", reason, { enter: undefined, arm: armed(wanted) });

export const nothing = (reason) => new Verdict("trigger", reason, { enter: undefined, arm: undefined });

export function personalize(reason, values, { subject, variant, sendAt } = {}) {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    throw new TypeError("the values for the template must be an object");
  }
  return new Verdict("personalizer", reason, {
    values: JSON.stringify(values),
    subject: textOrNone(subject, "the subject"),
    variant: textOrNone(variant, "the variant"),
    sendAt: instantOrNone(sendAt, "sendAt"),
  });
}

/** The contract's form; `codes` are the rule's reasons in the order of their indexes. */
export function lowered(verdict, kind, codes) {
  if (!(verdict instanceof Verdict) || verdict.kind !== kind) {
    throw new TypeError(`decide must return a verdict of a ${kind}`);
  }
  const reason = codes.indexOf(verdict.reason);
  if (reason < 0) {
    throw new Error(`the reason ${JSON.stringify(verdict.reason)} is not declared`);
  }
  return { ...verdict.raw, reason };
}
