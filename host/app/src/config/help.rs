//! What each setting means, in the order in which `signalbox config` prints them.
//!
//! A test holds this list against the settings themselves, so that neither has what the other lacks.

/// Name and meaning of every setting. Names of one table stand together.
pub(super) const SETTINGS: &[(&str, &str)] = &[
    (
        "data",
        "Folder of the journal, the store, snapshots and keys. One store is one workspace.",
    ),
    (
        "plugins",
        "Folder that is watched for plugins. It may neither lie within the data folder nor hold it.",
    ),
    (
        "tables",
        "Folder that is watched for reference tables, files NAME.csv and NAME.json. It need not be there.",
    ),
    (
        "listen",
        "Address and port of the HTTP server. Port 0 takes a free one.",
    ),
    (
        "clock",
        "`real`, or `manual`: stands until POST /v1/clock winds it. A store that ran on the real clock stays so.",
    ),
    (
        "transport",
        "`smtp`, or `capture`: messages go into an inbox on disk, shown at /inbox, and to nobody else.",
    ),
    (
        "log.format",
        "`auto` (text, with colours on a terminal), `text` or `json`.",
    ),
    (
        "log.filter",
        "What is logged: a level, or levels by room such as `info,signalbox_engine=debug`.",
    ),
    (
        "trust.require_signature",
        "Whether a plugin may be bound only if somebody with one of trust.keys has signed it (NAME.wasm.sig beside NAME.wasm); nothing of another one is compiled or run.",
    ),
    (
        "trust.require_release",
        "Whether somebody else with one of trust.keys has to release it, too. Needs trust.require_signature.",
    ),
    (
        "trust.keys",
        "Whose signatures count: a list of `PERSON PUBLICKEY` as `signalbox plugin keygen` prints them, at most 100; parted by commas in the environment and in flags. Several keys of one name are one person.",
    ),
    (
        "http.header_timeout_s",
        "Longest wait for the whole head of a request, and so for the next request on an idle connection, in seconds, 1 to 3,600. Above what a proxy in front keeps idle connections for.",
    ),
    (
        "http.body_timeout_s",
        "Longest wait for the whole body of a request, in seconds, 1 to 3,600; answered 408 then.",
    ),
    (
        "http.answer_timeout_s",
        "Longest that a client may take nothing of its answer, in seconds, 1 to 3,600.",
    ),
    (
        "http.connections_max",
        "Most connections at one time, 1 to 65,535; one more is answered 503. Each is an open file, and the process may have so many (`ulimit -n`).",
    ),
    (
        "http.bodies_bytes_max",
        "Most bytes of all bodies that are read and handled at one time, at least 8,388,608 (the longest body); whoever needs more is answered 429.",
    ),
    (
        "sender.from_address",
        "The address that messages come from.",
    ),
    ("sender.from_name", "The name beside it."),
    (
        "sender.reply_to",
        "Where answers go, if not to sender.from_address.",
    ),
    (
        "smtp.host",
        "The server that takes our mail. Its certificate is checked against this name.",
    ),
    (
        "smtp.port",
        "Its port: 587 for STARTTLS, 465 for TLS from the first byte.",
    ),
    (
        "smtp.security",
        "`starttls`, `implicit` (TLS from the first byte), `starttls_if_offered` (warns where it is not), or `none` (for a server on this machine).",
    ),
    ("smtp.hello_name", "Our host name, said in EHLO."),
    ("smtp.name", "The name to log in with."),
    (
        "smtp.password",
        "Its password. The config file must then be readable by its owner only.",
    ),
    (
        "smtp.password_file",
        "A file that holds the password, readable by its owner only; instead of smtp.password.",
    ),
    (
        "smtp.extra_roots",
        "PEM file of certificate authorities that are trusted beside the public ones.",
    ),
    (
        "smtp.connections_max",
        "Most connections at one time, 1 or more; a quarter of them is used by transactional messages only.",
    ),
    (
        "smtp.idle_s_max",
        "A connection unused for longer than this is closed, in seconds.",
    ),
    (
        "smtp.messages_per_connection_max",
        "A connection is closed after so many messages, since servers count.",
    ),
    (
        "smtp.timeouts.connect_s",
        "Longest wait for a connection, in seconds. These defaults are RFC 5321's (4.5.3.2).",
    ),
    ("smtp.timeouts.tls_s", "Longest TLS handshake, in seconds."),
    (
        "smtp.timeouts.greeting_s",
        "Longest wait for the greeting, in seconds.",
    ),
    (
        "smtp.timeouts.command_s",
        "Longest wait for the reply to EHLO, STARTTLS, AUTH, RSET and QUIT, in seconds each.",
    ),
    (
        "smtp.timeouts.mail_s",
        "Longest wait for the reply to MAIL, in seconds.",
    ),
    (
        "smtp.timeouts.rcpt_s",
        "Longest wait for the reply to RCPT, in seconds.",
    ),
    (
        "smtp.timeouts.data_s",
        "Longest wait from DATA to 354, in seconds.",
    ),
    (
        "smtp.timeouts.block_s",
        "Longest time to write a body, in seconds.",
    ),
    (
        "smtp.timeouts.end_s",
        "Longest wait for the reply to a body, in seconds.",
    ),
    (
        "capture.messages_max",
        "Most messages kept in the inbox on disk; the oldest go first.",
    ),
    (
        "store.partitions",
        "Partitions of contacts, 1 to 65,534. Fixed when the data folder is created.",
    ),
    (
        "store.cache_bytes",
        "Memory for the rows in use. Keep it above the working set: it is not a limit.",
    ),
    (
        "store.compact_from_bytes",
        "The rows' files are copied anew, while they are used, once they take so much and twice as much as after the last copy. Disk and memory hold the rows twice for that time.",
    ),
    (
        "store.snapshot_every_s",
        "How often a snapshot is made, in seconds; 0 for never by itself.",
    ),
    (
        "store.history_keep_days",
        "How long facts, journeys that are over and settled messages are kept, in days of journey time, 1 to 3,660. Counters stay.",
    ),
    (
        "store.manual_start",
        "Where a manual clock begins in a new store, as an instant in quotes.",
    ),
    (
        "journal.keep_days",
        "How long the journal is kept behind two verified snapshots, in days, 1 to 30.",
    ),
    (
        "limits.engine.queue_records_max",
        "Accepted records of one partition that may wait; more are refused as busy.",
    ),
    (
        "limits.engine.group_records_max",
        "Records applied in one commit.",
    ),
    (
        "limits.engine.tick_timers_max",
        "Timers that one tick fires.",
    ),
    (
        "limits.engine.sweep_rows_max",
        "Rows that one page of a sweep of old history looks at.",
    ),
    (
        "limits.engine.accept_inputs_max",
        "Inputs that one request may bring.",
    ),
    (
        "limits.engine.sends_in_flight_max",
        "Messages being sent at one time; a quarter of them is used by transactional messages only.",
    ),
    (
        "limits.engine.released_page_max",
        "Released messages looked at in one scan of a partition.",
    ),
    (
        "limits.engine.body_begin_ms_max",
        "Longest from the decision to send to the begin of the body, in milliseconds.",
    ),
    (
        "limits.engine.decision_wait_ms_max",
        "Longest wait of a sender for its decision, in milliseconds.",
    ),
    (
        "limits.engine.outbox_backoff_ms_max",
        "Longest pause after servers could not be reached, in milliseconds.",
    ),
    (
        "limits.engine.marketing_retry_hours_max",
        "How long a marketing message that servers refuse for now is tried, in hours from its first attempt, 0 to 96.",
    ),
    (
        "limits.engine.transactional_retry_hours_max",
        "The same of transactional messages, 0 to 96.",
    ),
    (
        "limits.engine.templates_kept_max",
        "Parsed templates kept in memory.",
    ),
    (
        "limits.engine.stop_wait_ms_max",
        "Longest wait of a stop for mails that are being sent, in milliseconds.",
    ),
    (
        "limits.rules.fuel_per_row",
        "Fuel of a rule for one contact, about one unit an instruction: the limit that decides.",
    ),
    (
        "limits.rules.fuel_per_call",
        "Fuel of a call beside its contacts: start-up of the guest and reading of the config.",
    ),
    (
        "limits.rules.fuel_per_document",
        "Fuel of `describe` and `plan`.",
    ),
    (
        "limits.rules.fuel_per_text_lowered",
        "Fuel for each text put into the guest's memory; not the rule's.",
    ),
    (
        "limits.rules.fuel_per_run_max",
        "Most fuel of one run, however many contacts it has.",
    ),
    (
        "limits.rules.deadline_ms",
        "Longest run in milliseconds, the backstop behind fuel.",
    ),
    (
        "limits.rules.memory_bytes_max",
        "Most memory of one instance, in bytes.",
    ),
    (
        "limits.rules.table_elements_max",
        "Most elements of one table of an instance.",
    ),
    (
        "limits.rules.instances",
        "Most instances that run at one time.",
    ),
    (
        "limits.rules.waiting_max",
        "Most calls that wait for an instance; more fail as `rule_unavailable`.",
    ),
    (
        "limits.rules.component_bytes_max",
        "Largest plugin file, in bytes.",
    ),
    (
        "limits.rules.answer_bytes_max",
        "Most bytes that one run may answer with.",
    ),
    (
        "limits.rules.cases_time_ms_max",
        "Longest time for all cases of a plugin, in milliseconds.",
    ),
    (
        "limits.rules.compile_cpu_seconds_max",
        "Most processor time of one compilation, in seconds.",
    ),
    (
        "limits.rules.compile_memory_bytes_max",
        "Most address space of one compilation, in bytes.",
    ),
    (
        "limits.rules.compile_time_ms_max",
        "Longest compilation by the clock, in milliseconds.",
    ),
    (
        "limits.rules.batch_rows_max",
        "Most contacts put to an instance at once, 1 to 10,000.",
    ),
    (
        "limits.rules.failed_runs_max",
        "Failed runs spent on finding the contact that a rule fails for.",
    ),
    (
        "limits.rules.quarantine_failures",
        "Failed runs within the window that quarantine a version of a plugin.",
    ),
    (
        "limits.rules.quarantine_window_ms",
        "That window, in milliseconds.",
    ),
];

/// Whether there is a setting of that full name.
pub(super) fn is_setting(key: &str) -> bool {
    SETTINGS.iter().any(|(name, _)| *name == key)
}
