// Contacts who spent more than a threshold in 90 days.
import { definePlugin, events, inside, outside, sum } from "#signalbox";

const bigSpender = {
  // What the marketer fills in: titles and descriptions become the form.
  config: {
    type: "object",
    additionalProperties: false,
    required: ["threshold"],
    properties: {
      threshold: {
        type: "number",
        minimum: 0,
        title: "Threshold",
        description: "How much a contact must have spent in 90 days.",
      },
    },
  },

  reasons: {
    over: "Spent more than the threshold",
    under: "Spent less than the threshold",
    nothing: "Never bought anything",
  },

  // Which values it wants to see. It is given these and nothing else.
  plan: () => ({
    inputs: { spent: sum(events("order_completed", { within: "90d" }), "value") },
  }),

  // What it says about one contact.
  decide({ threshold }, contact) {
    const spent = contact.number("spent");
    if (spent === undefined) {
      return outside("nothing");
    }
    return spent > threshold ? inside("over") : outside("under");
  },

  // Examples: a version whose examples come out otherwise never serves.
  cases: [
    {
      name: "spent more",
      config: { threshold: 100 },
      given: { spent: 120.5 },
      expect: { member: true, reason: "over" },
    },
    {
      name: "never bought",
      config: { threshold: 100 },
      expect: { member: false, reason: "nothing" },
    },
  ],
};

export const { plugin, segment } = definePlugin({
  name: "big_spender",
  version: "1.0.0",
  title: "Big spenders",
  summary: "Contacts who spent more than a threshold in 90 days.",
  segment: bigSpender,
});
