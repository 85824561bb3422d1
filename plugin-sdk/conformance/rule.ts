// Answers with what it was given; see README.md.
import {
  arm,
  armKey,
  attribute,
  clock,
  count,
  definePlugin,
  enter,
  eventField,
  events,
  inside,
  last,
  nothing,
  occasion,
  onEvent,
  outside,
  personalize,
  sum,
  type Contact,
  type Json,
  type PersonalizerRule,
  type SegmentRule,
  type TriggerRule,
  type Type,
} from "#signalbox";

const FAILURE = "on purpose: é";
const TYPES: Type[] = ["number", "integer", "text", "boolean", "instant", "json", "any"];
const ATTRIBUTES = Object.fromEntries(TYPES.map((type) => [type, attribute(type, type)]));
const NO_CONFIG = { type: "object", additionalProperties: false };

function bits(number: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}

const memberX = (json: Json | Date): string => String((json as { x: Json }).x);
const milliseconds = (instant: Date): string => String(instant.getTime());

function any(value: Json | Date): string {
  switch (typeof value) {
    case "number":
      return Number.isInteger(value) ? `integer ${value}` : `number ${bits(value)}`;
    case "string":
      return `text ${value}`;
    case "boolean":
      return `boolean ${value}`;
    default:
      return `json ${memberX(value)}`;
  }
}

const into = <From>(value: From | undefined, show: (value: From) => string): string | undefined =>
  value === undefined ? undefined : show(value);

/** The value of an input as a text from which nothing is lost. */
function shown(contact: Contact, input: string): string | undefined {
  switch (input) {
    case "number":
    case "sum":
      return into(contact.number(input), bits);
    case "integer":
      return into(contact.integer(input), String);
    case "count":
      return String(contact.count(input));
    case "boolean":
      return into(contact.boolean(input), String);
    case "instant":
    case "last":
      return into(contact.instant(input), milliseconds);
    case "json":
      return into(contact.json(input), memberX);
    case "any":
      return into(contact.value(input), any);
    default:
      return contact.text(input);
  }
}

const asked: TriggerRule<Record<string, never>> = {
  config: NO_CONFIG,
  reasons: { nothing: "Nothing", entered: "Entered", armed: "Armed", both: "Entered and armed", fired: "Fired" },
  plan: () => ({
    inputs: {
      occasion: occasion(),
      arm_key: armKey(),
      do: eventField("do", "text"),
      key: eventField("key", "text"),
      at: eventField("at", "instant"),
    },
    occasions: [onEvent("asked"), "due"],
  }),
  decide(_, contact) {
    if (contact.isDue()) {
      return enter("fired", { key: contact.text("arm_key") });
    }
    const key = contact.text("key");
    const wanted = () => ({
      at: contact.instant("at")!,
      key: key ?? "",
      cancelledBy: ["stopped", { event: "upgraded", where: { plan: "gold é" } }],
    });
    switch (contact.text("do")) {
      case "fail":
        throw new Error(FAILURE);
      case "enter":
        return enter("entered", { key });
      case "arm":
        return arm("armed", wanted());
      case "both":
        return enter("both", { key, arm: wanted() });
      default:
        return nothing("nothing");
    }
  },
  cases: [{ name: "nothing", config: {}, expect: { enter: null, arm: null, reason: "nothing" } }],
};

const orders = events("order_completed", { within: "90d" });

const compare: SegmentRule<{ read: string; is: string }> = {
  config: {
    type: "object",
    additionalProperties: false,
    required: ["read", "is"],
    properties: { read: { type: "string" }, is: { type: "string" } },
  },
  reasons: { missing: "Missing", same: "The same", other: "Another" },
  plan: () => ({
    inputs: {
      ...ATTRIBUTES,
      until: attribute("until", "instant"),
      count: count(orders),
      sum: sum(orders, "value"),
      last: last(orders),
      clock: clock(),
    },
  }),
  decide({ read, is }, contact) {
    if (contact.text("text") === "fail") {
      throw new Error(FAILURE);
    }
    const text = shown(contact, read);
    const options = { recheckAt: contact.instant("until") };
    if (text === undefined) {
      return outside("missing", options);
    }
    return text === is ? inside("same", options) : outside("other", options);
  },
  cases: [{ name: "nothing", config: { read: "text", is: "" }, expect: { member: false, reason: "missing" } }],
};

const echo: PersonalizerRule<Record<string, never>> = {
  config: NO_CONFIG,
  reasons: { echoed: "Echoed" },
  plan: () => ({ inputs: { ...ATTRIBUTES, clock: clock() } }),
  decide(_, contact) {
    const text = contact.text("text");
    if (text === "fail") {
      throw new Error(FAILURE);
    }
    const values: { [name: string]: Json } = {};
    for (const type of TYPES) {
      const value = type === "boolean" ? contact.boolean(type) : shown(contact, type);
      if (value !== undefined) {
        values[type] = value;
      }
    }
    return personalize("echoed", values, { subject: text || undefined, sendAt: contact.clock() });
  },
  cases: [{ name: "nothing", config: {}, expect: { values: {}, reason: "echoed" } }],
};

export const { plugin, trigger, segment, personalizer } = definePlugin({
  name: "conformance",
  version: "1.0.0",
  title: "Conformance",
  summary: "Answers with what it was given.",
  trigger: asked,
  segment: compare,
  personalizer: echo,
});
