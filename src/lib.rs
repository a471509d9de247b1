//! Lookout: who is in your Zoom room, on a page that is always current.
//!
//! Zoom tells us about every join and leave by webhook. Lookout verifies each delivery,
//! stores it durably, works out who is present, and renders a static site into a
//! directory that a web server serves.
//!
//! # The way of an event
//!
//! ```text
//! Zoom ──POST──▶ intake ──▶ journal ──▶ store  ──▶ dashboard ──▶ site ──▶ nginx, Jekyll
//!                verify      durable    who was     what may      render,
//!                answer      log        where       be said       publish
//!                              ╰────────── generator ──────────────╯
//!                              ╰──▶ notify ──▶ Mattermost, Slack, Discord
//! ```
//!
//! 1. [`server`] accepts a connection, with the time-outs and caps it needs; [`intake`] reads
//!    the body, and [`zoom::signature`] proves that it is Zoom's.
//! 2. [`zoom::delivery`] reads it into a document, or it is quarantined; either way
//!    [`journal`] puts it on disk, and only then Zoom gets its 204.
//!    [`archive`] ships it to MongoDB, if there is one, and brings what others stored there.
//! 3. [`generator`] follows journal and archive: [`zoom::understand`] makes an [`zoom::Event`] of each
//!    document, [`store`] keeps it, with the sessions that [`roster`] derives of its meeting.
//! 4. [`store::Store::presence`] applies the settings and tells who is and was where at a moment;
//!    [`dashboard`] makes of it what a visitor may know, as text that templates only place.
//! 5. [`site`] renders all files in memory, then puts those that changed in place.
//!    [`server::visitors`] serves them to a browser where there is no nginx, and tells it of changes;
//!    [`server::visitors::preview`] does so for whoever writes templates.
//! 6. [`notify`] compares who is where with what each chat was told, and sends the difference, in
//!    a thread of its own.
//!
//! Templates, static files and settings may change meanwhile: the generator notices, and takes
//! them up if the whole site can be made of them.
//!
//! # The rules, and what holds them
//!
//! - *The middle is pure.* [`zoom`], [`time::zone`], [`roster`], [`dashboard`], [`jsonl`], [`forget`], digest and encoders
//!   of [`notify`] and the story of [`simulate`] read no clock, environment, disk or network;
//!   the moment is an argument.
//!   `.clippy.toml` forbids the calls everywhere else than in [`time::clock`] and [`config`].
//! - *Nothing genuine is refused for being odd.* It is stored, then understood; a journal
//!   read by a newer Lookout tells it more.
//! - *Acknowledged means on disk.* The answer waits for the commit, and a commit for its sync.
//!   Before the answer goes out, the journal's files have to be those that were written.
//! - *What rots is not believed.* Each row has a checksum, and one that does not match is left out.
//! - *Order changes nothing.* What is known of a meeting is a union of facts, so late, repeated and shuffled
//!   deliveries give the same site, byte for byte.
//! - *No setting changes what is stored.* Rooms, people, privacy and patience are applied when reading.
//! - *Only [`site::publish()`] writes below the output directory*, and it removes only what
//!   Lookout wrote.
//! - *Privacy is decided once*, in [`dashboard`]: templates never learn of anybody else.
//! - *A name is hostile text.* Each output escapes for itself.
//! - *Each boundary has types of its own*: Zoom's shapes stay in [`zoom`], view models in
//!   [`dashboard`], rows in [`journal`].
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
//! archive jsonl             MongoDB; events as lines of JSON
//! journal store             the event log; the presence database
//! roster forget             who is present, from events; how to erase a name
//! telemetry                 log, health, metrics
//! config                    settings
//! zoom                      signature, challenge, delivery, event
//! files shutdown types      files that others use, too; stopping; shared types
//! request_failure time      why a request failed; moments, zones, the clock
//! ```
//!
//! # Where to begin reading
//!
//! `main.rs` is a call for each command of [`commands`]; [`app::App`] shows how the
//! parts are joined, and [`commands::demo`] is the whole of it in one page.

pub mod app;
pub mod archive;
pub mod cli;
pub mod commands;
pub mod config;
pub mod dashboard;
pub mod files;
pub mod forget;
pub mod generator;
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
pub mod zoom;
