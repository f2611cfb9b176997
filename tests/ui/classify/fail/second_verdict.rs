#[derive(resil::Classify)]
enum Api {
    #[transient]
    #[permanent]
    Lost,
}

fn main() {
    let _ = Api::Lost;
}
