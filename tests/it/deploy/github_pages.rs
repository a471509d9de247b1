//! What the guide says for pages that GitHub builds, in a real Chromium.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::behind_nginx;
use crate::support::lookout::{WEBHOOK, now, signed};
use crate::support::nginx::{HOST, PAGES};

/// What is in the guide's page between the fences of HTML, in order.
fn snippets() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/guide/github-pages.md");
    let text = fs::read_to_string(page).expect("the guide can be read");
    let blocks = text.split("```html\n").skip(1);
    blocks.map(|block| block.split("```").next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_frame_and_the_table_of_the_guide_work_on_a_page_of_github() {
    let (lookout, nginx) = behind_nginx();
    let names = ["Ada", "<img src=x onerror=document.title=1>", r#"\",\"<script>1"#, r"a\nb & c"];
    for name in names {
        let body = String::from_utf8(super::join("NAME")).expect("UTF-8").replace("NAME", name);
        assert_eq!(nginx.send(&signed(WEBHOOK, body.as_bytes(), now())).status, 204, "{name}");
    }
    lookout.wait_for("lookout/embed.html", |page| page.contains("Ada") && page.contains("&amp; c"));
    lookout.wait_for("_data/zoom-room-dashboard.csv", |table| {
        table.lines().count() == 1 + names.len()
    });

    let documents = nginx.dir.path().join("documents/room");
    fs::create_dir_all(&documents).expect("made");
    let snippets = snippets();
    let [frame, table] = snippets.as_slice() else { panic!("{snippets:?}") };
    let ours = format!("https://{HOST}:{}", nginx.https.port());
    let here = frame.replace("https://lounge.example.org", &ours);
    assert_ne!(&here, frame);
    for (name, snippet) in [("frame", &here), ("table", table)] {
        let page = format!(
            "<!DOCTYPE html><link rel=\"icon\" href=\"data:,\"><title>A page</title>{snippet}"
        );
        fs::write(documents.join(format!("{name}.html")), page).expect("written");
    }

    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/browser");
    let output = Command::new("node")
        .arg(scripts.join("pages.mjs"))
        .arg(format!("{ours}/room/table.html"))
        .arg(format!("https://{PAGES}:{}/room/frame.html", nginx.pages.port()))
        .output()
        .expect("node is installed; `tests/run.sh` does it");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
