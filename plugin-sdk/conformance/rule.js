// Answers with what it was given; see README.md.
import { attribute, clock, definePlugin, personalize } from "#signalbox";

const TYPES = ["number", "integer", "text", "boolean", "instant", "json", "any"];

const bits = (number) => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, number);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
};

function any(value) {
  if (typeof value === "number") {
    return Number.isInteger(value) ? `integer ${value}` : `number ${bits(value)}`;
  }
  return typeof value === "object" ? `json ${value.x}` : `${typeof value === "string" ? "text" : "boolean"} ${value}`;
}

const READ = {
  number: (contact) => bits(contact.number("number")),
  integer: (contact) => String(contact.integer("integer")),
  text: (contact) => contact.text("text"),
  boolean: (contact) => contact.boolean("boolean"),
  instant: (contact) => String(contact.instant("instant").getTime()),
  json: (contact) => contact.json("json").x,
  any: (contact) => any(contact.value("any")),
};

export const { plugin, personalizer } = definePlugin({
  name: "conformance",
  version: "1.0.0",
  title: "Conformance",
  summary: "Answers with what it was given.",
  personalizer: {
    reasons: { echoed: "Echoed" },
    plan: () => ({ inputs: { ...Object.fromEntries(TYPES.map((type) => [type, attribute(type, type)])), clock: clock() } }),
    decide(_, contact) {
      if (contact.text("text") === "fail") {
        throw new Error("on purpose: é");
      }
      const there = TYPES.filter((type) => contact.value(type) !== undefined);
      const values = Object.fromEntries(there.map((type) => [type, READ[type](contact)]));
      return personalize("echoed", values, { subject: contact.text("text") || undefined, sendAt: contact.clock() });
    },
    cases: [{ name: "nothing", config: {}, expect: { values: {}, reason: "echoed" } }],
  },
});
