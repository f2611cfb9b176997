#[derive(resil::Classify)]
#[classify(default = retryable, forwards)]
enum Api {
    #[transient(yes)]
    Lost,
    Gone,
}

#[derive(resil::Classify)]
#[transient]
enum All {
    One,
}

#[derive(resil::Classify)]
struct Bare;

#[derive(resil::Classify)]
union Either {
    a: u8,
    b: u8,
}

fn main() {
    let _ = (Api::Lost, All::One, Bare, Either { a: 1 });
}
