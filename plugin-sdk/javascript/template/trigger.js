// Enters a contact when a cart is left alone: some hours after it changed, unless an order came first.
import { arm, definePlugin, enter, occasion, occurredAt, onEvent } from "#signalbox";

const HOUR_MS = 3_600_000;

const leftCart = {
  // What the marketer fills in: titles and descriptions become the form.
  config: {
    type: "object",
    additionalProperties: false,
    required: ["hours"],
    properties: {
      hours: {
        type: "integer",
        minimum: 1,
        maximum: 720,
        title: "Hours",
        description: "How long a cart must be left alone.",
      },
    },
  },

  reasons: {
    waiting: "Waits whether the order follows",
    left: "Left a cart",
  },

  // Which values it wants to see, and on what it is asked. It is given these and nothing else.
  plan: () => ({
    inputs: { occasion: occasion(), changed_at: occurredAt() },
    occasions: [onEvent("cart_updated"), "due"],
  }),

  // What it says about one contact: to be asked again when the time is over, unless an order takes the arm away.
  decide({ hours }, contact) {
    if (contact.isDue()) {
      return enter("left");
    }
    const at = contact.instant("changed_at").getTime() + hours * HOUR_MS;
    return arm("waiting", { at, key: "cart", cancelledBy: ["order_completed"] });
  },

  // Examples: a version whose examples come out otherwise never serves.
  cases: [
    {
      name: "waits after the cart changed",
      config: { hours: 4 },
      occasion: 0,
      given: { changed_at: "2026-01-01T10:00:00Z" },
      expect: { enter: null, arm: { at: "2026-01-01T14:00:00Z", key: "cart" }, reason: "waiting" },
    },
    {
      name: "enters when nothing was ordered",
      config: { hours: 4 },
      occasion: 1,
      expect: { enter: {}, arm: null, reason: "left" },
    },
  ],
};

export const { plugin, trigger } = definePlugin({
  name: "left_cart",
  version: "1.0.0",
  title: "Left cart",
  summary: "Enters a contact some hours after a cart was left alone.",
  trigger: leftCart,
});
