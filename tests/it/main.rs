//! The program as its users meet it: real sockets, a real journal, a real site.

mod answers;
mod site;
mod support;
