//! The site as files: what it says, rendered, published, read by Jekyll.

mod charts;
mod dashboard;
mod golden;
mod hostile;
mod jekyll;
mod privacy;
mod publish;
mod sample;
mod templates;
