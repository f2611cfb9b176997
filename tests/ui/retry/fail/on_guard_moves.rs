//! A pattern looks at the error through a reference.
enum E {
    Text(String),
}

fn is_busy(text: String) -> bool {
    text == "busy"
}

#[resil::retry(on(E::Text(text) if is_busy(text)))]
async fn fetch() -> Result<u32, E> {
    Err(E::Text(String::new()))
}

fn main() {}
