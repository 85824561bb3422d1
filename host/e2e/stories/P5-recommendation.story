P5: A recommendation leaves out what the contact owns and what is out of stock, and says when it falls back to best sellers.

--- file products.csv
id,name,category,stock:integer,rank:integer
T1,Assam,tea,9,1
C1,Santos,coffee,4,2
C2,Sidamo,coffee,0,3
C3,Kona,coffee,1,4
M1,Blue mug,mugs,12,5

--- file sold-out.csv
id,name,category,stock:integer,rank:integer
T1,Assam,tea,0,1
C1,Santos,coffee,0,2
M1,Blue mug,mugs,12,5

--- file without-rank.csv
id,name,category,stock:integer
T1,Assam,tea,9

--- file wrong.csv
id,name,stock:integer,rank:integer
T1,Assam,many,1
T1,Assam again,3
,Nameless,3,2
T1,Assam,3,2
T1,Assam,4,2

--- file tape.jsonl
{"contact": "ann", "name": "product_viewed", "id": "s1", "occurred_at": "2026-03-02T09:00:00Z", "fields": {"category": "coffee"}, "attributes": {"email": "ann@example.com"}}
{"contact": "ann", "name": "visit_ended", "id": "s2", "occurred_at": "2026-03-02T10:00:00Z"}
{"contact": "bea", "name": "visit_ended", "id": "s2", "occurred_at": "2026-03-02T10:00:00Z", "attributes": {"email": "bea@example.com"}}

--- workflow ideas
{
  "id": "ideas",
  "title": "Something for you",
  "goal": "none",
  "trigger": { "plugin": "event", "config": { "event": "visit_ended" } },
  "entry": "every",
  "steps": [{ "id": "ideas", "send": { "template": "ideas", "personalizer": { "plugin": "recommend", "config": { "count": 2 } } } }]
}

--- template ideas ideas
Subject: For you: {{ rule.recommend.items[0].name | default: "nothing today" }}

{% for item in rule.recommend.items %}{{ item.name }}; {% endfor %}{{ rule.recommend.personal }} of them because of what you looked at.

--- story
at 2026-03-02 09:00
create ideas
    refused: invalid_workflow: the workflow has a problem; nothing was stored; /steps/0/send/personalizer/config the rule's plan at "/inputs/2/source/table": there is no table products
table products wrong.csv
    refused: invalid_table: the table has 4 problems; nothing was stored; /rows/0/stock line 2: "many" is no integer, which column stock is of; /rows/1 line 3: the row has 3 cells, the first line 4; /rows/2/id line 4: the row lacks its key id; /rows/4/id line 6: a row before has the key "T1" already
table products products.csv
    version 1, 5 rows by id
create ideas
start ideas
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann product_viewed #v1 {"category": "coffee"}
event ann order_completed #o1 {"product_ids": ["C1"]}
event cem product_viewed #v1 {"category": "coffee"}
event ann visit_ended #e1
event bea visit_ended #e1
event cem visit_ended #e1
mails
    ann@example.com | For you: Kona | 2026-03-02 09:00:00
    bea@example.com | For you: Assam | 2026-03-02 09:00:00
    cem@example.com | For you: Santos | 2026-03-02 09:00:00
log ann
    2026-03-02 09:00:00 ideas: trigger said enter: matched
    2026-03-02 09:00:00 ideas: journey entered e1
    2026-03-02 09:00:00 ideas: step reached ideas
    2026-03-02 09:00:00 ideas: steps/ideas/personalizer said chosen: filled
    2026-03-02 09:00:00 ideas: message queued ideas
    2026-03-02 09:00:00 ideas: message sent ideas
    2026-03-02 09:00:00 ideas: journey completed
log bea
    2026-03-02 09:00:00 ideas: trigger said enter: matched
    2026-03-02 09:00:00 ideas: journey entered e1
    2026-03-02 09:00:00 ideas: step reached ideas
    2026-03-02 09:00:00 ideas: steps/ideas/personalizer said chosen: best_sellers
    2026-03-02 09:00:00 ideas: message queued ideas
    2026-03-02 09:00:00 ideas: message sent ideas
    2026-03-02 09:00:00 ideas: journey completed
log cem
    2026-03-02 09:00:00 ideas: trigger said enter: matched
    2026-03-02 09:00:00 ideas: journey entered e1
    2026-03-02 09:00:00 ideas: step reached ideas
    2026-03-02 09:00:00 ideas: steps/ideas/personalizer said chosen: personal
    2026-03-02 09:00:00 ideas: message queued ideas
    2026-03-02 09:00:00 ideas: message sent ideas
    2026-03-02 09:00:00 ideas: journey completed

# A simulation brings its tables, a forecast has those of the store.
run simulate --workflow {ideas.json} --table products={products.csv} --tape {tape.jsonl} --until 2026-03-03T00:00:00Z --out {out.jsonl}
    3 events from 2026-03-02T09:00:00Z until 2026-03-03T00:00:00Z, 4 decisions
    ideas
              2 entered
              2 trigger said: matched
              2 completed
              1 chosen at ideas: best_sellers
              1 chosen at ideas: personal
              2 sent by ideas
    2 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
run simulate --workflow {ideas.json} --tape {tape.jsonl} --out {out.jsonl}
    error: the server would refuse ideas.json: 1 problem
    ideas.json:1:92: /steps/0/send/personalizer/config: the rule's plan at "/inputs/2/source/table": there is no table products (table_unknown)
        put the table first
    exit status: 1
run forecast ideas --tape {tape.jsonl} --from 2026-03-02T09:00:00Z --until 2026-03-03T00:00:00Z
    forecast of ideas; nothing was sent and nothing has changed
    fed with the events of tape.jsonl
    3 events from 2026-03-02T09:00:00Z until 2026-03-03T00:00:00Z, 4 decisions
    ideas
              2 entered
              2 trigger said: matched
              2 completed
              1 chosen at ideas: best_sellers
              1 chosen at ideas: filled
              2 sent by ideas
    2 messages sent, at most 2 in an hour, from 2026-03-02T10:00:00Z on
    sends per hour (UTC)
      2026-03-02T10:00:00Z  2 ideas

# The next decision is made with the next version; a version that the rule could not read is refused.
table products without-rank.csv
    refused: table_in_use: table products is read by steps/ideas/personalizer of workflow ideas: table products has no column rank
table products gone
    refused: table_in_use: table products is read by steps/ideas/personalizer of workflow ideas: there is no table products
table products sold-out.csv
    version 2, 3 rows by id
kill
later 1d
event bea visit_ended #e2
mails
    bea@example.com | For you: Blue mug | 2026-03-03 09:00:00
text
    Blue mug; 0 of them because of what you looked at.
delete ideas
    refused: conflict: workflow ideas is running, but delete needs draft, paused or ended; allowed: pause, end
end ideas
table products gone
    gone
