//! The site as files: rendered, published, read by Jekyll.

mod golden;
mod sample;
