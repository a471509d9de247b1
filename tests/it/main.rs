//! The program as its users meet it: real sockets, a real journal, a real site.

mod answers;
mod any;
mod architecture;
mod archive;
mod backup;
mod browser;
mod check;
mod commands;
mod crash;
mod damage;
mod deploy;
mod discretion;
mod ending;
mod evening;
mod forget;
mod forgotten;
mod future;
mod guide;
mod healing;
mod interference;
mod late;
mod notify;
mod odd_bodies;
mod own_files;
mod owner;
mod power;
mod preview;
#[path = "../fuzz/properties/mod.rs"]
mod properties;
mod refused_calls;
mod rotation;
mod schema;
mod secrets;
mod signals;
#[path = "../simulate/mod.rs"]
mod simulate;
mod site;
mod support;
mod tampering;
mod telephone;
mod versions;
mod visits;
mod waiting;
mod who;
mod words;
mod zones;
