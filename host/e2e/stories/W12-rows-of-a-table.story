W12: A changed row of a table asks about the contacts that its key joins with it, and about nobody else.

--- file monday.csv
id,name,price:number,stock:integer
lamp,Garden lamp,60,0
chair,Deck chair,80,3
pot,Clay pot,12,5

--- file tuesday.csv
id,name,price:number,stock:integer
lamp,Garden lamp,62,12
chair,Deck chair,64,3
pot,Clay pot,12,5

--- file wednesday.csv
id,name,price:number,stock:integer
lamp,Garden lamp,62,11
chair,Deck chair,64,3
pot,Clay pot,10,5

--- file friday.csv
id,name,price:number,stock:integer
chair,Deck chair,30,3
pot,Clay pot,2,5

--- workflow back
{
  "id": "back",
  "title": "It is back",
  "goal": "none",
  "trigger": { "plugin": "back_in_stock" },
  "entry": "every",
  "steps": [{ "id": "back", "send": { "template": "back" } }]
}

--- template back back
Subject: {{ event.row.name }}: it is back

There are {{ event.row.stock }} for {{ event.row.price }}.

--- workflow cheaper
{
  "id": "cheaper",
  "title": "It costs less",
  "goal": "none",
  "trigger": { "plugin": "price_drop" },
  "entry": "every",
  "steps": [{ "id": "cheaper", "send": { "template": "cheaper" } }]
}

--- template cheaper cheaper
Subject: {{ event.row.name }} now for {{ event.row.price }}

It is {{ event.key }}.

--- story
at 2026-03-02 09:00
table products monday.csv
    version 1, 3 rows by id
create back
start back
create cheaper
start cheaper
contact ann {"email": "ann@example.com"}
contact bea {"email": "bea@example.com"}
contact cem {"email": "cem@example.com"}
event ann stock_alert_requested #q1 {"product_id": "lamp"}
event bea product_viewed #v1 {"product_id": "chair", "price": 80}
event cem product_viewed #v1 {"product_id": "pot", "price": 12}
mails
    none
at 2026-03-03 09:00
table products tuesday.csv
    version 2, 3 rows by id
mails
    ann@example.com | Garden lamp: it is back | 2026-03-03 09:00:00
    bea@example.com | Deck chair now for 64 | 2026-03-03 09:00:00
log ann
    2026-03-03 09:00:00 back: trigger said enter: back
    2026-03-03 09:00:00 back: journey entered lamp 2026-03-02T09:00:00Z
    2026-03-03 09:00:00 back: step reached back
    2026-03-03 09:00:00 back: message queued back
    2026-03-03 09:00:00 back: message sent back
    2026-03-03 09:00:00 back: journey completed
log bea
    2026-03-03 09:00:00 cheaper: trigger said enter: dropped
    2026-03-03 09:00:00 cheaper: journey entered chair 64
    2026-03-03 09:00:00 cheaper: step reached cheaper
    2026-03-03 09:00:00 cheaper: message queued cheaper
    2026-03-03 09:00:00 cheaper: message sent cheaper
    2026-03-03 09:00:00 cheaper: journey completed
log cem
    none

# The same once more changes nothing. Cem sees a sixth off, and what was bought or came back before is not told again.
table products tuesday.csv
    version 2, 3 rows by id
at 2026-03-04 09:00
kill
table products wednesday.csv
    version 3, 3 rows by id
mails
    cem@example.com | Clay pot now for 10 | 2026-03-04 09:00:00

# What changes in a pause is never looked at.
pause cheaper
table products friday.csv
    version 4, 2 rows by id
resume cheaper
at 2026-03-09 09:00
mails
    none
journeys ann
    J1 back version 1, key lamp 2026-03-02T09:00:00Z, entered 2026-03-03 09:00:00: completed 2026-03-03 09:00:00
journeys bea
    J2 cheaper version 1, key chair 64, entered 2026-03-03 09:00:00: completed 2026-03-03 09:00:00
log ann back
    2026-03-03 09:00:00 back: trigger said enter: back
    2026-03-03 09:00:00 back: journey entered lamp 2026-03-02T09:00:00Z
    2026-03-03 09:00:00 back: step reached back
    2026-03-03 09:00:00 back: message queued back
    2026-03-03 09:00:00 back: message sent back
    2026-03-03 09:00:00 back: journey completed
    2026-03-04 09:00:00 back: trigger said enter: back
    2026-03-04 09:00:00 back: not entered key_seen
down
run store reexecute
    the journal is applied from its first record on
    5 decisions recorded: 5 asked again, 5 equal, 0 different; 0 not re-executable
run store rebuild
    rebuilt: 227 records in 8 partitions
up
journeys cem
    J3 cheaper version 1, key pot 10, entered 2026-03-04 09:00:00: completed 2026-03-04 09:00:00
