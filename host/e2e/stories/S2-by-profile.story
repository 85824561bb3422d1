S2: Segments by age, place, company size and industry; a value that is missing matches nothing unless the segment says so.

--- segment grown-ups
{
  "name": "grown-ups",
  "title": "Eighteen or older, in Germany or Austria",
  "rule": { "plugin": "audience", "config": { "all": [
    { "attribute": { "name": "age", "operator": "gte", "value": 18 } },
    { "attribute": { "name": "country", "operator": "in", "value": ["DE", "AT"] } }
  ] } }
}

--- segment small-shops
{
  "name": "small-shops",
  "title": "Shops of up to ten people",
  "rule": { "plugin": "audience", "config": { "all": [
    { "attribute": { "name": "industry", "operator": "eq", "value": "retail" } },
    { "attribute": { "name": "employees", "operator": "lte", "value": 10 } }
  ] } }
}

--- segment no-age
{
  "name": "no-age",
  "title": "Did not tell their age",
  "rule": { "plugin": "audience", "config": { "attribute": { "name": "age", "operator": "missing" } } }
}

--- story
at 2026-03-02 09:00
segment grown-ups
segment small-shops
segment no-age
contact ann {"age": 18, "country": "AT", "industry": "retail", "employees": 10}
contact bea {"age": 17.9, "country": "DE", "industry": "retail", "employees": 11}
contact cid {"country": "DE", "industry": "retail"}
contact dan {"age": 44, "country": "FR", "employees": 3}
contact eve {"age": "44", "country": "DE"}
members grown-ups
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members small-shops
    ann since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
members no-age
    cid since 2026-03-02 09:00:00
    1 in, 1 came in, 0 left
contact bea {"age": 18}
contact ann {"country": null}
members grown-ups
    bea since 2026-03-02 09:00:00
    1 in, 2 came in, 1 left
