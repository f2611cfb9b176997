//! The source of a thousand functions: plain, and under each attribute.

use std::fmt::Write;

/// One way to write them.
pub(super) struct Kind {
    /// The name that the table shows.
    pub(super) name: &'static str,
    /// Lines of the manifest.
    pub(super) dependencies: String,
    /// What stands above each function.
    attributes: &'static str,
    /// What stands around its body.
    around: (&'static str, &'static str),
    /// Items that they need.
    items: &'static str,
}

const BODY: &str = "let page = fetch(id, name).await?;\n    Ok(page.len() as u64 + id)";

const FROM_RESIL: &str = "
impl From<resil::Error> for Error {
    fn from(_: resil::Error) -> Self {
        Self::Refused
    }
}
";

/// Returns all ways; `resil` is the line of the manifest for us.
pub(super) fn kinds(resil: &str) -> Vec<Kind> {
    let peer = |name, dependencies: &str, attributes| Kind {
        name,
        dependencies: dependencies.to_owned(),
        attributes,
        items: "",
        around: ("", ""),
    };
    let ours = |name, attributes| Kind {
        items: FROM_RESIL,
        ..peer(name, resil, attributes)
    };
    vec![
        peer("plain", "", ""),
        Kind {
            name: "hand: loop",
            around: (
                "let mut retries = 0;
    loop {
        let out: Result<u64, Error> = async { ",
                " }.await;
        match out {
            Err(_) if retries < 2 => {}
            out => return out,
        }
        tokio::time::sleep(std::time::Duration::from_millis(100 << retries)).await;
        retries += 1;
    }",
            ),
            ..peer("", "", "")
        },
        ours("resil: retry", "#[resil::retry]"),
        ours("resil: timeout", "#[resil::timeout(1s)]"),
        ours("resil: circuit", "#[resil::circuit]"),
        ours(
            "resil: circuit, retry, timeout",
            "#[resil::circuit]\n#[resil::retry]\n#[resil::timeout(1s)]",
        ),
        peer(
            "backon_macros",
            "backon = { version = \"1\", features = [\"tokio-sleep\"] }\nbackon-macros = \"1\"",
            "#[backon_macros::backon(sleep = tokio::time::sleep)]",
        ),
        peer(
            "tracing::instrument",
            "tracing = \"0.1\"",
            "#[tracing::instrument]",
        ),
        peer(
            "cached",
            "cached = { version = \"4.1\", features = [\"async\"] }",
            "#[cached::macros::cached(key = \"u64\", convert = { id })]",
        ),
    ]
}

impl Kind {
    /// Returns the source of a project with so many functions.
    pub(super) fn source(&self, functions: usize) -> String {
        let mut text = String::from(
            "use std::pin::Pin;\n\n\
             #[derive(Debug, Clone)]\npub enum Error {\n    Down,\n    Refused,\n}\n\n\
             #[inline(never)]\nasync fn fetch(id: u64, name: &str) -> Result<String, Error> {\n    \
             if id == 0 { return Err(Error::Down); }\n    Ok(name.to_owned())\n}\n",
        );
        text.push_str(self.items);
        let (before, after) = self.around;
        let attributes = self.attributes;
        for n in 0..functions {
            let _ = write!(
                text,
                "\n{attributes}\nasync fn call_{n}(id: u64, name: &str) -> Result<u64, Error> {{\n    \
                 {before}{BODY}{after}\n}}\n"
            );
        }
        // One table through which each of them is compiled to the end.
        text.push_str("\ntype Call = Pin<Box<dyn Future<Output = Result<u64, Error>>>>;\n");
        let _ = writeln!(text, "\nstatic CALLS: [fn(u64) -> Call; {functions}] = [");
        for n in 0..functions {
            let _ = writeln!(text, "    |id| Box::pin(call_{n}(id, \"name\")),");
        }
        text.push_str(
            "];\n\nfn main() {\n    let at = std::env::args().count();\n    \
             drop(CALLS[at](at as u64));\n    let _ = Error::Refused;\n}\n",
        );
        text
    }
}
