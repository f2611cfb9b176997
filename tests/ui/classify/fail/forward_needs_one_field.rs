#[derive(resil::Classify)]
enum Api {
    #[classify(forward)]
    None,
    #[classify(forward)]
    Two(resil::Error, u8),
}

fn main() {
    let _ = Api::None;
}
