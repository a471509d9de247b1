//! Converts JSON to BSON, literally.

use mongodb::bson::raw::{CStr, RawArrayBuf, RawBson, RawDocumentBuf};

use crate::zoom::json::Json;

/// The result of a conversion.
pub struct Converted {
    /// The document.
    pub document: RawDocumentBuf,
    /// Whether it holds the same keys, order, numbers and texts.
    pub is_exact: bool,
}

/// Converts an object without the keys in `except`; `None` if a key contains a NUL.
pub fn object(entries: &[(String, Json)], except: &[&str]) -> Option<Converted> {
    let mut conversion = Conversion { is_exact: true };
    let mut document = RawDocumentBuf::new();
    for (key, value) in entries {
        if except.contains(&key.as_str()) {
            conversion.is_exact = false;
            continue;
        }
        let name = <&CStr>::try_from(key.as_str()).ok()?;
        let value = match value {
            Json::Number(digits) if key == "event_ts" => conversion.long(digits),
            value => conversion.value(value)?,
        };
        document.append(name, value);
    }
    Some(Converted { document, is_exact: conversion.is_exact })
}

struct Conversion {
    is_exact: bool,
}

impl Conversion {
    fn value(&mut self, json: &Json) -> Option<RawBson> {
        Some(match json {
            Json::Null => RawBson::Null,
            Json::Bool(value) => RawBson::Boolean(*value),
            Json::Number(digits) => self.number(digits),
            Json::Text(text) => RawBson::String(text.clone()),
            Json::Torn { text, .. } => {
                self.is_exact = false;
                RawBson::String(text.clone())
            }
            Json::List(items) => {
                let mut array = RawArrayBuf::new();
                for item in items {
                    array.push(self.value(item)?);
                }
                RawBson::Array(array)
            }
            Json::Object(entries) => {
                let mut document = RawDocumentBuf::new();
                for (key, value) in entries {
                    document.append(<&CStr>::try_from(key.as_str()).ok()?, self.value(value)?);
                }
                RawBson::Document(document)
            }
        })
    }

    /// A number as drivers store it: in 32 bits if it fits.
    fn number(&mut self, digits: &str) -> RawBson {
        match self.long(digits) {
            RawBson::Int64(number) => {
                i32::try_from(number).map_or(RawBson::Int64(number), RawBson::Int32)
            }
            other => other,
        }
    }

    fn long(&mut self, digits: &str) -> RawBson {
        if let Ok(number) = digits.parse::<i64>()
            && number.to_string() == digits
        {
            return RawBson::Int64(number);
        }
        let double: f64 = digits.parse().unwrap_or(f64::NAN);
        self.is_exact &= double.is_finite() && double.to_string() == digits;
        RawBson::Double(double)
    }
}
