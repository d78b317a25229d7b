//! The properties of Factur-X in the metadata. krilla writes XMP and has no place for properties of others, so they are
//! added by an incremental update (ISO 32000-1 §7.5.6): a second version of the metadata stream behind the file's end,
//! with a cross-reference section that points to it. Nothing that was there before moves.

use super::file::PdfError;

const NAMESPACE: &str = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#";

/// The properties' names with what they are, and their values (Factur-X 1.0, §6.2.2).
const PROPERTIES: [(&str, &str, &str); 4] = [
    (
        "DocumentFileName",
        "name of the embedded XML invoice file",
        "factur-x.xml",
    ),
    ("DocumentType", "INVOICE", "INVOICE"),
    ("Version", "version of the Factur-X schema", "1.0"),
    (
        "ConformanceLevel",
        "conformance level of the embedded invoice",
        "EN 16931",
    ),
];

/// Adds the properties.
///
/// # Errors
/// The file is not laid out as krilla does.
pub(super) fn add_factur_x(mut pdf: Vec<u8>) -> Result<Vec<u8>, PdfError> {
    let update =
        Update::read(&pdf).ok_or_else(|| PdfError("its metadata was not found".to_owned()))?;
    let packet = with_properties(&update.packet)
        .ok_or_else(|| PdfError("its metadata has no place for properties".to_owned()))?;
    if pdf.last() != Some(&b'\n') {
        pdf.push(b'\n');
    }
    let object_at = pdf.len();
    let object = update.object;
    pdf.extend_from_slice(
        format!(
            "{object} 0 obj\n<<\n/Length {}\n/Type /Metadata\n/Subtype /XML\n>>\nstream\n{packet}\nendstream\nendobj\n\n",
            packet.len()
        )
        .as_bytes(),
    );
    let section_at = pdf.len();
    pdf.extend_from_slice(
        format!(
            "xref\n{object} 1\n{object_at:010} 00000 n\r\ntrailer\n<<{}/Prev {}\n>>\nstartxref\n{section_at}\n%%EOF\n",
            update.trailer, update.previous
        )
        .as_bytes(),
    );
    Ok(pdf)
}

/// What the update needs of the file before it.
struct Update {
    /// The number of the metadata's object.
    object: usize,
    /// The metadata.
    packet: String,
    /// The inside of the trailer's dictionary.
    trailer: String,
    /// Where the cross-reference section is.
    previous: usize,
}

impl Update {
    fn read(pdf: &[u8]) -> Option<Self> {
        let startxref = rfind(pdf, b"startxref")?;
        let previous: usize = text(&pdf[startxref + 9..])?
            .split_ascii_whitespace()
            .next()?
            .parse()
            .ok()?;
        let tail = text(pdf.get(previous..startxref)?)?;
        let (_, dictionary) = tail.split_once("trailer")?;
        let trailer = dictionary.split_once("<<")?.1.rsplit_once(">>")?.0;
        let root = reference(trailer, "/Root")?;
        let catalog = object(pdf, tail, root)?;
        let catalog = &catalog[..find(catalog, b"endobj")?];
        let catalog = String::from_utf8_lossy(catalog);
        let metadata = reference(&catalog, "/Metadata")?;
        let stream = object(pdf, tail, metadata)?;
        let begin = find(stream, b"stream\n")? + 7;
        let end = find(stream, b"endstream")?;
        let packet = std::str::from_utf8(stream.get(begin..end)?)
            .ok()?
            .trim_end();
        Some(Self {
            object: metadata,
            packet: packet.to_owned(),
            trailer: trailer.to_owned(),
            previous,
        })
    }
}

/// The packet with the values, and with their description where other extensions are described: PDF/A wants one list.
fn with_properties(packet: &str) -> Option<String> {
    let mut schema = format!(
        "<rdf:li rdf:parseType=\"Resource\"><pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>\
         <pdfaSchema:namespaceURI>{NAMESPACE}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>\
         <pdfaSchema:property><rdf:Seq>"
    );
    let mut values = format!("<rdf:Description rdf:about=\"\" xmlns:fx=\"{NAMESPACE}\">");
    for (name, description, value) in PROPERTIES {
        schema.push_str(&format!(
            "<rdf:li rdf:parseType=\"Resource\"><pdfaProperty:name>{name}</pdfaProperty:name>\
             <pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>\
             <pdfaProperty:description>{description}</pdfaProperty:description></rdf:li>"
        ));
        values.push_str(&format!("<fx:{name}>{value}</fx:{name}>"));
    }
    schema.push_str("</rdf:Seq></pdfaSchema:property></rdf:li>");
    values.push_str("</rdf:Description>");
    let (before, after) = packet.rsplit_once("</rdf:RDF>")?;
    let list = match before.split_once("<pdfaExtension:schemas>") {
        Some((head, list)) => {
            let (list, rest) = list.split_once("</rdf:Bag></pdfaExtension:schemas>")?;
            format!(
                "{head}<pdfaExtension:schemas>{list}{schema}</rdf:Bag></pdfaExtension:schemas>{rest}"
            )
        }
        None => format!(
            "{before}<rdf:Description rdf:about=\"\" xmlns:pdfaExtension=\"http://www.aiim.org/pdfa/ns/extension/\" \
             xmlns:pdfaSchema=\"http://www.aiim.org/pdfa/ns/schema#\" \
             xmlns:pdfaProperty=\"http://www.aiim.org/pdfa/ns/property#\"><pdfaExtension:schemas><rdf:Bag>{schema}\
             </rdf:Bag></pdfaExtension:schemas></rdf:Description>"
        ),
    };
    Some(format!("{list}{values}</rdf:RDF>{after}"))
}

/// The bytes from an object's begin, found by the one cross-reference section, whose entries have 20 bytes each.
fn object<'a>(pdf: &'a [u8], section: &str, number: usize) -> Option<&'a [u8]> {
    let mut lines = section.lines();
    if lines.next()?.trim() != "xref" || lines.next()?.split_once(' ')?.0 != "0" {
        return None;
    }
    let offset: usize = lines.nth(number)?.split(' ').next()?.parse().ok()?;
    pdf.get(offset..)
}

/// The number in `/Key 12 0 R`.
fn reference(dictionary: &str, key: &str) -> Option<usize> {
    let (_, rest) = dictionary.split_once(key)?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// krilla's cross-references and what comes after them are ASCII but for the file's ids, which stay as they are.
fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .position(|window| window == pattern)
}

fn rfind(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    bytes
        .windows(pattern.len())
        .rposition(|window| window == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACKET: &str = "<x:xmpmeta><rdf:RDF><rdf:Description/></rdf:RDF></x:xmpmeta>";

    #[test]
    fn the_values_and_their_description_stand_in_the_packet_once() {
        let packet = with_properties(PACKET).unwrap();
        assert_eq!(packet.matches("<pdfaExtension:schemas>").count(), 1);
        for (name, _, value) in PROPERTIES {
            assert_eq!(
                packet
                    .matches(&format!("<fx:{name}>{value}</fx:{name}>"))
                    .count(),
                1
            );
            assert_eq!(
                packet
                    .matches(&format!(">{name}</pdfaProperty:name>"))
                    .count(),
                1
            );
        }
    }

    #[test]
    fn a_description_of_other_extensions_is_joined_not_repeated() {
        let first = with_properties(PACKET).unwrap();
        let second = with_properties(&first).unwrap();
        assert_eq!(second.matches("<pdfaExtension:schemas>").count(), 1);
        assert_eq!(second.matches("<pdfaSchema:prefix>fx<").count(), 2);
    }

    #[test]
    fn what_is_no_pdf_is_an_error() {
        for bytes in [
            &b""[..],
            b"%PDF-1.7",
            b"startxref 999999999 %%EOF",
            b"xref\ntrailer startxref\n0",
        ] {
            assert!(add_factur_x(bytes.to_vec()).is_err());
        }
    }
}
