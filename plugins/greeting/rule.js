// Greets in the contact's language, by a name that was tidied, and without one where what was given is no name.
import { attribute, definePlugin, personalize } from "../../plugin-sdk/javascript/src/index.js";
import { tidied } from "./name.js";

/** Where the name stands in a greeting. */
const NAME = "{name}";
const LETTERS_MAX = 40;

const greetings = {
  type: "object",
  additionalProperties: false,
  required: ["named", "nameless"],
  properties: {
    named: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      pattern: "\\{name\\}",
      title: "With the name",
      description: "The greeting of somebody whose name is known; {name} is replaced by it.",
    },
    nameless: {
      type: "string",
      minLength: 1,
      maxLength: 100,
      title: "Without a name",
      description: "The greeting of somebody whose name is not known, or is not one.",
    },
  },
};

/** `de-AT` is greeted as `de-at` if there is such a greeting, else as `de`. */
function greetingOf({ languages = {}, otherwise }, language) {
  const asked = language?.toLowerCase().replaceAll("_", "-");
  for (const code of [asked, asked?.split("-")[0]]) {
    if (code !== undefined && Object.hasOwn(languages, code)) {
      return { language: code, ...languages[code] };
    }
  }
  return { language: "", ...otherwise };
}

const greeting = {
  config: {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Greeting",
    type: "object",
    additionalProperties: false,
    required: ["otherwise"],
    properties: {
      name: {
        type: "string",
        minLength: 1,
        maxLength: 64,
        default: "first_name",
        title: "Attribute of the name",
        description: "The attribute that holds the name to greet by.",
      },
      language: {
        type: "string",
        minLength: 1,
        maxLength: 64,
        default: "language",
        title: "Attribute of the language",
        description: "The attribute that holds the contact's language, such as de or pt-BR.",
      },
      languages: {
        type: "object",
        maxProperties: 50,
        propertyNames: { pattern: "^[a-z]{2,3}(-[a-z0-9]{2,8})*$" },
        additionalProperties: greetings,
        title: "Greetings by language",
        description: "By the language's code in small letters; de is for de-AT too, unless de-at has its own.",
      },
      otherwise: {
        ...greetings,
        title: "In every other language",
        description: "For contacts whose language is unknown or not in the list.",
      },
    },
  },

  reasons: {
    by_name: "Greeted by name",
    without_name: "No name is known",
    not_a_name: "What is given as name does not look like one",
  },

  plan({ name = "first_name", language = "language" }) {
    if (name === language) {
      throw new Error("the name and the language must be two different attributes");
    }
    return { inputs: { [name]: attribute(name, "text"), [language]: attribute(language, "text") } };
  },

  decide(config, contact) {
    const { name = "first_name", language = "language" } = config;
    const found = greetingOf(config, contact.text(language)?.trim());
    const given = contact.text(name)?.trim() ?? "";
    const called = given === "" ? undefined : tidied(given, LETTERS_MAX);
    const reason = called !== undefined ? "by_name" : given === "" ? "without_name" : "not_a_name";
    const text = called === undefined ? found.nameless : found.named.replaceAll(NAME, () => called);
    return personalize(reason, { text, name: called ?? "", language: found.language });
  },

  cases: casesOf(
    {
      languages: { de: { named: "Hallo {name}", nameless: "Guten Tag" }, "pt-br": { named: "Oi {name}", nameless: "Olá" } },
      otherwise: { named: "Hello {name}", nameless: "Hello" },
    },
    [
      ["by name, in the contact's language", { first_name: "Ada", language: "de" }, "by_name", "Hallo Ada", "de"],
      ["in the language of another country", { first_name: "Ada", language: "de-AT" }, "by_name", "Hallo Ada", "de"],
      ["in the country's own words", { first_name: "Ana", language: "pt_BR" }, "by_name", "Oi Ana", "pt-br"],
      ["a language that is not in the list", { first_name: "Ada", language: "fi" }, "by_name", "Hello Ada", ""],
      ["no language", { first_name: "Ada" }, "by_name", "Hello Ada", ""],
      ["a language by the name of what every object has", { first_name: "Ada", language: "constructor" }, "by_name", "Hello Ada", ""],
      ["in capitals", { first_name: "ADA" }, "by_name", "Hello Ada", ""],
      ["in small letters", { first_name: "  ada   maría " }, "by_name", "Hello Ada María", ""],
      ["with hyphen and apostrophe", { first_name: "JEAN-LUC O'NEILL" }, "by_name", "Hello Jean-Luc O'Neill", ""],
      ["with letters that stay as they are", { first_name: "McKenzie" }, "by_name", "Hello McKenzie", ""],
      ["a script without capitals", { first_name: "明子" }, "by_name", "Hello 明子", ""],
      ["with an accent that stands alone", { first_name: "ZOE\u0308" }, "by_name", "Hello Zoe\u0308", ""],
      ["a name with a dollar sign is none", { first_name: "$& Ada" }, "not_a_name", "Hello", ""],
      ["an address is no name", { first_name: "ada@example.com", language: "de" }, "not_a_name", "Guten Tag", "de"],
      ["what people write to get on is no name", { first_name: "n/a" }, "not_a_name", "Hello", ""],
      ["a word for nobody", { first_name: "Unknown" }, "not_a_name", "Hello", ""],
      ["one letter", { first_name: "x" }, "not_a_name", "Hello", ""],
      ["too long", { first_name: "a".repeat(41) }, "not_a_name", "Hello", ""],
      ["no name", { language: "de" }, "without_name", "Guten Tag", "de"],
      ["the empty name", { first_name: " " }, "without_name", "Hello", ""],
      ["another type is no name", { first_name: 7 }, "without_name", "Hello", ""],
    ],
  ),
};

/** Each: what is shown, what is given, the reason, the greeting and its language. */
function casesOf(config, rows) {
  return rows.map(([name, given, reason, text, language]) => ({
    name,
    config,
    given,
    expect: { values: { text, language }, reason },
  }));
}

export const { plugin, personalizer } = definePlugin({
  name: "greeting",
  version: "1.0.0",
  title: "Greeting",
  summary: "Greets in the contact's language, by a tidied name, and without one where what was given is no name.",
  personalizer: greeting,
});
