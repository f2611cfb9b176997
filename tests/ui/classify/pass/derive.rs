#![deny(warnings)]

mod shadowed {
    #![allow(dead_code)]
    enum Option {}
    enum Some {}
    struct Into;

    #[derive(Debug, resil::Classify)]
    #[classify(default = transient, crate = ::resil)]
    pub(crate) enum Api<'a, T: Clone, const N: usize> {
        Any(&'a [T; N]),
        #[throttled(retry_after = 0)]
        Fast(std::time::Duration),
        #[classify(forward)]
        Resil(resil::Error),
        #[classify(forward)]
        Boxed(Box<dyn std::error::Error + Send + Sync>),
    }
}

#[derive(Debug, resil::Classify)]
#[classify(default(permanent), crate(::resil))]
enum InBrackets {
    One,
    #[throttled(retry_after(0))]
    Busy(std::time::Duration),
}

#[test]
fn main() {
    use resil::Classify;
    let any = shadowed::Api::Any(&[1]);
    assert_eq!(any.classify(), resil::Class::Transient);
    assert_eq!(InBrackets::One.classify(), resil::Class::Permanent);
    let _ = InBrackets::Busy(std::time::Duration::ZERO).classify();
}
