//! Examines pictures: whether browsers can show a file, and its size.

use imagesize::ImageType;

/// The maximum size of a picture's file, in bytes.
const MAX_BYTES: usize = 256 << 10;

/// The maximum width and height.
const MAX_PIXELS: usize = 4096;

/// The width and height of a picture, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) width: usize,
    pub(super) height: usize,
}

/// The size of the picture `bytes`, whose file is called `name`.
///
/// # Errors
///
/// It is no PNG, JPEG, WebP or GIF, it is too large, or its name promises another format: a browser
/// would not show it.
pub(super) fn size(name: &str, bytes: &[u8]) -> Result<Size, String> {
    check_length(bytes)?;
    let (format, content_type) = match imagesize::image_type(bytes) {
        Ok(ImageType::Png) => ("PNG", "image/png"),
        Ok(ImageType::Jpeg) => ("JPEG", "image/jpeg"),
        Ok(ImageType::Webp) => ("WebP", "image/webp"),
        Ok(ImageType::Gif) => ("GIF", "image/gif"),
        _ => return Err("is no PNG, JPEG, WebP or GIF; save it as one of these".to_owned()),
    };
    if mime_guess::from_path(name).first_raw() != Some(content_type) {
        return Err(format!("is a {format} under another name; rename it"));
    }
    let size =
        imagesize::blob_size(bytes).map_err(|_| format!("is a damaged {format}; save it again"))?;
    let (width, height) = (size.width, size.height);
    if !(1..=MAX_PIXELS).contains(&width) || !(1..=MAX_PIXELS).contains(&height) {
        return Err(format!(
            "has {width} × {height} pixels, more than {MAX_PIXELS}; make it smaller"
        ));
    }
    Ok(Size { width, height })
}

/// Whether the file `name` is an SVG.
///
/// # Errors
///
/// It is called so, but is too large or contains something else.
pub(super) fn is_svg(name: &str, bytes: &[u8]) -> Result<bool, String> {
    if mime_guess::from_path(name).first_raw() != Some("image/svg+xml") {
        return Ok(false);
    }
    check_length(bytes)?;
    match str::from_utf8(bytes) {
        Ok(text) if text.contains("<svg") => Ok(true),
        _ => Err("is no SVG; save it again".to_owned()),
    }
}

fn check_length(bytes: &[u8]) -> Result<(), String> {
    match bytes.len() <= MAX_BYTES {
        true => Ok(()),
        false => Err(format!("is larger than {} KiB; make it smaller", MAX_BYTES >> 10)),
    }
}
