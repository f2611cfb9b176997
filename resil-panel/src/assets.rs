//! The files of the page, as they stand in `page/`.

use std::sync::Arc;

use axum::extract::{OriginalUri, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};

use crate::mounted::Mounted;

const PAGE: &str = include_str!("../page/index.html");

/// A file that the page names.
pub(crate) struct File {
    pub(crate) path: &'static str,
    kind: &'static str,
    text: &'static str,
}

macro_rules! files {
    ($($name:literal: $kind:literal,)*) => {
        /// All files but the page itself.
        pub(crate) const FILES: &[File] = &[$(File {
            path: concat!("/", $name),
            kind: $kind,
            text: include_str!(concat!("../page/", $name)),
        }),*];
    };
}

files! {
    "panel.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "panel.js": "text/javascript; charset=utf-8",
    "stream.js": "text/javascript; charset=utf-8",
    "rows.js": "text/javascript; charset=utf-8",
    "detail.js": "text/javascript; charset=utf-8",
    "functions.js": "text/javascript; charset=utf-8",
    "circuits.js": "text/javascript; charset=utf-8",
    "limits.js": "text/javascript; charset=utf-8",
    "events.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
    "control.js": "text/javascript; charset=utf-8",
}

impl File {
    /// Returns the file.
    pub(crate) fn response(&self) -> Response {
        ([(CONTENT_TYPE, self.kind)], self.text).into_response()
    }
}

/// Answers with the page.
pub(crate) async fn page(
    State(panel): State<Arc<Mounted>>,
    OriginalUri(uri): OriginalUri,
) -> Html<String> {
    let page = PAGE.replace("{base}", &escape(&base(uri.path())));
    Html(page.replace("{title}", &escape(&panel.title)))
}

/// Returns the relative URL from the page to its files. Under `/resil` the browser takes the folder to
/// be `/`, under `/resil/` it is `/resil/`.
fn base(path: &str) -> String {
    match path.rsplit('/').next() {
        None | Some("") => String::from("./"),
        Some(last) => format!("./{last}/"),
    }
}

/// Escapes text for HTML, between tags and in quoted attributes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_base_leads_from_the_page_to_its_files() {
        for (path, expected) in [
            ("/", "./"),
            ("", "./"),
            ("/resil", "./resil/"),
            ("/resil/", "./"),
            ("/a/b", "./b/"),
            ("/a/x:y", "./x:y/"),
        ] {
            assert_eq!(base(path), expected, "{path}");
        }
    }

    #[test]
    fn what_is_filled_in_is_escaped() {
        let evil = "<script>alert('1')</script> & \"x\"";
        let safe = "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;x&quot;";
        assert_eq!(escape(evil), safe);
    }

    #[test]
    fn the_page_names_its_files_and_nothing_else() {
        for named in PAGE.split("{base}").skip(1) {
            let (name, _) = named.split_once('"').unwrap();
            assert!(FILES.iter().any(|f| f.path[1..] == *name), "{name}");
        }
        // No inline script or style, and no other host.
        for text in FILES.iter().map(|f| f.text).chain([PAGE]) {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for not in [
                "http://",
                "https://",
                "style=\"",
                " onclick",
                "innerHTML",
                "outerHTML",
            ] {
                assert!(!text.contains(not), "{not}");
            }
        }
        assert!(!PAGE.contains("<style"));
    }
}
