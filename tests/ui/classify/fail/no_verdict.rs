#[derive(resil::Classify)]
enum Api {
    #[transient]
    Lost,
    Gone,
    Other(String),
}

fn main() {
    let _ = (Api::Lost, Api::Gone, Api::Other(String::new()));
}
