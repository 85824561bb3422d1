// Greets by first name where there is one.
import { attribute, definePlugin, personalize } from "#signalbox";

const greeting = {
  // What the marketer fills in: titles and descriptions become the form.
  config: {
    type: "object",
    additionalProperties: false,
    required: ["word"],
    properties: {
      word: {
        type: "string",
        minLength: 1,
        maxLength: 50,
        title: "Word",
        description: "What a greeting begins with, such as Hello.",
      },
    },
  },

  reasons: {
    by_name: "Greeted by first name",
    nameless: "Greeted without a name",
  },

  // Which values it wants to see. It is given these and nothing else.
  plan: () => ({ inputs: { first_name: attribute("first_name", "text") } }),

  // What it says about one contact: the template shows it as {{ greeting }}.
  decide({ word }, contact) {
    const name = contact.text("first_name");
    if (name === undefined) {
      return personalize("nameless", { greeting: word });
    }
    return personalize("by_name", { greeting: `${word} ${name}` });
  },

  // Examples: a version whose examples come out otherwise never serves.
  cases: [
    {
      name: "a known name",
      config: { word: "Hello" },
      given: { first_name: "Ada" },
      expect: { values: { greeting: "Hello Ada" }, reason: "by_name" },
    },
    {
      name: "no name",
      config: { word: "Hello" },
      expect: { values: { greeting: "Hello" }, reason: "nameless" },
    },
  ],
};

export const { plugin, personalizer } = definePlugin({
  name: "greeting",
  version: "1.0.0",
  title: "Greeting",
  summary: "Greets by first name where there is one.",
  personalizer: greeting,
});
