//! The program as its users meet it: real sockets, a real journal, a real site.

mod answers;
mod any;
mod archive;
mod backup;
mod browser;
mod check;
mod commands;
mod crash;
mod deploy;
mod discretion;
mod evening;
mod forget;
mod notify;
mod odd_bodies;
mod owner;
mod power;
mod preview;
#[path = "../fuzz/properties/mod.rs"]
mod properties;
mod rotation;
mod site;
mod support;
mod telephone;
