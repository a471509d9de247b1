//! Lookout: who is in your Zoom room, on a page that is always current.
//!
//! Zoom posts every join and leave to a webhook. Lookout verifies each delivery, stores it durably,
//! works out who is present, and renders a static site into a directory that a web server serves.
//!
//! # The path of an event
//!
//! ```text
//! Zoom ──POST──▶ intake ──▶ journal ──▶ store  ──▶ dashboard ──▶ site ──▶ nginx, Jekyll
//!                verify      durable    sessions    what may      render,
//!                answer      log        on disk     be shown      publish
//!                              ╰────────── generator ──────────────╯
//!                              ╰──▶ notify ──▶ chats, phones, webhooks
//! ```
//!
//! 1. [`server`] accepts a connection and enforces its time-outs and limits. [`intake`] reads the
//!    body; [`zoom::signature`] verifies that Zoom sent it.
//! 2. [`zoom::delivery`] parses it into a document, or quarantines it. [`journal`] writes it to disk,
//!    and only then Zoom gets its 204. [`archive`] ships it to MongoDB, if configured, and reads what
//!    other machines stored there.
//! 3. [`generator`] follows journal and archive. [`zoom::understand`] turns each document into an
//!    [`zoom::Event`]; [`store`] keeps it, with the sessions that [`roster`] derives for its meeting.
//! 4. [`store::Store::presence`] applies the settings and returns who is and was where at a moment.
//!    [`dashboard`] turns that into what a visitor may know, as text that templates only place.
//! 5. [`site`] renders all files in memory, then replaces those that changed.
//!    [`server::visitors`] serves them where there is no nginx and tells browsers about changes;
//!    [`server::visitors::preview`] does the same for template authors.
//! 6. [`notify`] compares presence with what each chat was sent, and sends the difference.
//!
//! Where events get lost, [`zoom_api`] asks Zoom, if the settings allow it, and puts the answers into the
//! journal as events of our own: [`zoom::observation`].
//!
//! [`app::App`] is the running program: it starts and stops these parts in order. Templates, static
//! files and settings may change meanwhile: the generator reloads them if the whole site renders.
//!
//! # Rules, and what enforces them
//!
//! - *The core is pure.* [`zoom`], [`time::zone`], [`roster`], [`dashboard`], [`jsonl`], [`forget`],
//!   and the difference and encoders of [`notify`] read no clock, environment, disk or network; the
//!   moment is an argument. `.clippy.toml` forbids these calls outside [`time::clock`] and [`config`].
//! - *No genuine delivery is refused because it is odd.* It is stored first; a newer version may
//!   understand more of it.
//! - *Acknowledged means on disk.* The answer waits for the commit, and the commit for its sync. Before
//!   Lookout answers, it checks that the journal's files are still the ones it wrote.
//! - *Damaged data is never used.* Each row has a checksum; a row that does not match is skipped.
//! - *Order changes nothing.* A meeting is a union of facts, so late, repeated and reordered
//!   deliveries give the same site, byte for byte.
//! - *No setting changes what is stored.* Rooms, people, privacy and staleness are applied when reading.
//! - *Only [`site::publish()`] writes below the output directory*, and it removes only files that
//!   Lookout wrote.
//! - *Privacy is decided once*, in [`dashboard`]: templates never receive hidden people. Pictures of
//!   people are files, so [`site`] withholds those of hidden people.
//! - *A name is hostile text.* Each output escapes it for its own format.
//! - *Each boundary has its own types*: Zoom's shapes in [`zoom`], view models in [`dashboard`], rows in
//!   [`journal`] and [`store`].
//!
//! # Glossary
//!
//! | term | meaning |
//! |---|---|
//! | delivery | one HTTP request from Zoom: headers and raw body |
//! | event | a verified, stored delivery |
//! | key | SHA-256 of the raw body; deliveries with equal keys are one event |
//! | quarantine | signed deliveries that cannot be parsed, kept byte for byte |
//! | journal | the local, durable log of events (SQLite) |
//! | archive | the optional MongoDB collection that several machines share |
//! | store | the presence database: facts and sessions of each meeting (SQLite) |
//! | fact | what one event states about a meeting |
//! | meeting | one instance, Zoom's `uuid` |
//! | room | a meeting number with a name from the settings |
//! | observation | a fact that Zoom's API or the operator states, stored as an event of our own |
//! | leg | one `(meeting, user_id)`: one join, or one move to a breakout room |
//! | connection | one `participant_uuid`: from joining to leaving, across legs |
//! | session | one connection's spans with the identity reported for it |
//! | span | an interval of a session; its end may be unknown |
//! | wait | somebody waits to be let in; shown beside presence |
//! | visit | one unbroken stay of a person: merged spans |
//! | person | a display name, or several merged by `[[people]]` |
//! | roster | all people with their visits, per room, computed in memory |
//! | presence | who is and was where at a moment |
//! | dashboard | the view model that templates receive |
//! | site | the published directory |
//! | edition | how new a published site is: its log position and moment |
//! | mirror | a file kept equal to the table (`csv.copies`) |
//! | snapshot | the presence that chats are compared with |
//! | outbox | the durable messages that wait for a chat |
//! | worker | the task that sends one chat its messages |
//!
//! # Layers
//!
//! A module uses only modules of lower lines. A test reads this list and enforces it.
//!
//! ```text
//! main
//! cli
//! commands                  what can be typed: one file per command
//! app                       the running program: its parts, started and stopped in order
//! server intake             HTTP: limits, visitors, admin; the webhook
//! generator                 follows the log and publishes the site
//! notify                    chats
//! site simulate             renders and publishes files; an invented crowd
//! dashboard                 what a visitor may know, as text
//! archive jsonl zoom_api    MongoDB; events as lines of JSON; Zoom's API
//! journal store             the event log; the presence database
//! roster forget             who is present, from events; how to erase a name
//! telemetry                 log, health, metrics
//! config                    settings
//! zoom                      signature, challenge, delivery, event; what Zoom's API says
//! words                     the texts of each language
//! files shutdown types      files that others use, too; stopping; shared types
//! http_client time          HTTP clients and the authorities they trust; moments, zones, the clock
//! request_failure           why a request failed
//! guide                     the pages of the guide
//! ```
//!
//! # What to change for…
//!
//! | change | files, in order |
//! |---|---|
//! | a new Zoom event | `zoom/wire/mod.rs` (its shape), `zoom/event.rs` (what it means), `roster/facts.rs` (the fact), a file in `tests/fixtures/deliveries/` |
//! | a new question to Zoom's API | `zoom/api/mod.rs` (its path, scope and answer), `zoom_api/schedule/mod.rs` (when it is asked), `zoom_api/healer.rs` (what is stored), `guide/lost-events.md`, `tests/it/support/zoom_api.rs` |
//! | a new setting | `config/lookout.toml` (its comment), `config/sections/SECTION.rs` (its value), its user, `guide/settings.md` (a test writes it), `CHANGELOG.md` |
//! | a new chat | `notify/encoder/NAME.rs` (its requests and answers), a line each of `notify/encoder/mod.rs` and `notify/target.rs`; its settings: `config/access.rs`, `config/sections/notify/access.rs` |
//! | a new chart | `dashboard/charts/NAME.rs`, `dashboard/charts/mod.rs`, `templates/components.html` |
//! | a new command | `commands/NAME.rs`, `cli.rs`, `main.rs`, `guide/commands.md` |
//! | a new page of the guide | `guide/NAME.md`, `guide/mod.rs` |
//! | a look that a setting chooses | `site/look.rs`, `site/accent.rs`, `templates/base.html` |
//! | a new variable of templates | its type in `dashboard/`, with a comment; `guide/template-variables.md` (a test writes it) |
//! | a new output file | `templates/FILE`, `site/outputs.rs`, `site/own_outputs.rs` (its name is taken) |
//! | a new format of own output files | `site/format.rs`, `site/escape.rs`, `guide/templates.md` |
//! | a new word | each file of `templates/words/`; if Rust fills it in, `words/translation.rs` |
//! | a new language | `templates/words/LANGUAGE.toml`, `templates/messages/LANGUAGE.txt` |
//!
//! # Where to start reading
//!
//! `main.rs` calls one function per command of [`commands`]. [`app::App`] shows how the parts are
//! joined; [`commands::demo`] runs all of them.

pub mod app;
pub mod archive;
pub mod cli;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod files;
pub mod forget;
pub mod generator;
pub mod guide;
pub mod http_client;
pub mod intake;
pub mod journal;
pub mod jsonl;
pub mod notify;
pub mod request_failure;
pub mod roster;
pub mod server;
pub mod shutdown;
pub mod simulate;
pub mod site;
pub mod store;
pub mod telemetry;
pub mod time;
pub mod types;
pub mod words;
pub mod zoom;
pub mod zoom_api;
