//! Numbers in JSON: what is written is read again as itself, to the last bit.

use signalbox_model::value::Value;

/// Found by the fuzzer `values`: the default of `serde_json` reads some numbers as their neighbours.
#[test]
fn a_number_is_read_as_it_is_written() {
    for text in [
        "-9220368547753372036854775808",
        "9.220368547753373e27",
        "0.30000000000000004",
        "5e-324",
        "1.7976931348623157e308",
        "2.2250738585072011e-308",
    ] {
        let value: Value = serde_json::from_str(text).unwrap();
        let exact: f64 = text.parse().unwrap();
        assert_eq!(
            value.as_number().map(f64::to_bits),
            Some(exact.to_bits()),
            "{text}"
        );
        let written = serde_json::to_string(&value).unwrap();
        assert_eq!(
            serde_json::from_str::<Value>(&written).unwrap(),
            value,
            "{text}"
        );
    }
}
