N8: A rule is given what it declared and nothing else, and what it reads stands in plain words where it is bound.

--- file configs.json
{ "segment": {} }

--- workflow offers
{
  "id": "offers", "title": "German buyers of coffee", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "offer_made", "where": [{ "field": "kind", "operator": "eq", "value": "coffee" }] } },
  "audience": { "plugin": "audience", "config": { "all": [
    { "attribute": { "name": "country", "operator": "eq", "value": "DE" } },
    { "count": { "of": { "event": "order_completed", "within": "90d", "where": [{ "field": "category", "operator": "eq", "value": "coffee" }] }, "operator": "gte", "value": 2 } }
  ] } },
  "steps": [{ "id": "tell", "send": { "template": "tell", "personalizer": { "plugin": "send_time", "config": { "fallback_hour": 9 } } } }]
}

--- template offers tell
Subject: Coffee

New.

--- workflow spied
{
  "id": "spied", "title": "A rule that looks through all of its memory", "goal": "none", "entry": "every",
  "trigger": { "plugin": "event", "config": { "event": "offer_made" } },
  "steps": [
    { "id": "search", "branch": { "arms": [{ "segment": { "plugin": "memory_search", "config": {} }, "goto": "found" }], "otherwise": "clean" } },
    { "id": "found", "exit": { "reason": "the_word_was_found" } },
    { "id": "clean", "exit": { "reason": "nothing_was_found" } }
  ]
}

--- story
at 2026-03-02 09:00
create offers
reads offers
    audience: attribute country; count of order_completed where category = "coffee" in 90d
    steps/tell/personalizer: the 50 most recent of message_opened in 365d; attribute time_zone; the time
    trigger: nothing
# The rule says what it reads: the city. It searches for a word, and finds it in what it is given.
run plugin inspect {memory-search.wasm} --configs {configs.json}
    memory_search 1.0.0: Hostile
      Made by xtask.
      .. bytes, digest ..
      imports nothing
    segment, with 2 cases
      config: {"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object"}
      reasons:
        clean: Nothing was found
        found: The word lies in the memory
      reads with this config: attribute city
    limits here: .. fuel a row and 10000000 a call, .. ms a run, .. bytes of memory, 1000 rows a run
hostile memory-search
create spied
start spied
reads spied
    steps/search/arms/0: attribute city
    trigger: nothing
contact ann {"email": "ann@example.com", "city": "swordfish"}
contact bo {"email": "bo@example.com", "city": "Berlin", "password": "swordfish", "hobby": "fishing for swordfish"}
event ann offer_made #1
# Neither another attribute, nor a field of the event, nor a former event or another contact's city is anywhere in there.
event bo offer_made #1 {"note": "swordfish"}
event bo offer_made #2
event ann offer_made #2
log ann
    2026-03-02 09:00:00 spied: trigger said enter: matched
    2026-03-02 09:00:00 spied: journey entered 1
    2026-03-02 09:00:00 spied: step reached search
    2026-03-02 09:00:00 spied: steps/search/arms/0 said in: found
    2026-03-02 09:00:00 spied: arm taken search 0
    2026-03-02 09:00:00 spied: step reached found
    2026-03-02 09:00:00 spied: journey exited the_word_was_found
    2026-03-02 09:00:00 spied: trigger said enter: matched
    2026-03-02 09:00:00 spied: journey entered 2
    2026-03-02 09:00:00 spied: step reached search
    2026-03-02 09:00:00 spied: steps/search/arms/0 said in: found
    2026-03-02 09:00:00 spied: arm taken search 0
    2026-03-02 09:00:00 spied: step reached found
    2026-03-02 09:00:00 spied: journey exited the_word_was_found
log bo
    2026-03-02 09:00:00 spied: trigger said enter: matched
    2026-03-02 09:00:00 spied: journey entered 1
    2026-03-02 09:00:00 spied: step reached search
    2026-03-02 09:00:00 spied: steps/search/arms/0 said out: clean
    2026-03-02 09:00:00 spied: arm taken search otherwise
    2026-03-02 09:00:00 spied: step reached clean
    2026-03-02 09:00:00 spied: journey exited nothing_was_found
    2026-03-02 09:00:00 spied: trigger said enter: matched
    2026-03-02 09:00:00 spied: journey entered 2
    2026-03-02 09:00:00 spied: step reached search
    2026-03-02 09:00:00 spied: steps/search/arms/0 said out: clean
    2026-03-02 09:00:00 spied: arm taken search otherwise
    2026-03-02 09:00:00 spied: step reached clean
    2026-03-02 09:00:00 spied: journey exited nothing_was_found
