struct Stranger;

#[derive(resil::Classify)]
enum Api {
    #[classify(forward)]
    Inner(Stranger),
}

fn main() {
    let _ = Api::Inner(Stranger);
}
