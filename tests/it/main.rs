//! The program as its users meet it: real sockets, a real journal, a real site.

mod answers;
mod archive;
mod browser;
mod commands;
mod crash;
mod evening;
mod notify;
mod odd_bodies;
mod site;
mod support;
