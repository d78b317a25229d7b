//! The document as UBL 2.1 Invoice or CreditNote, by EN 16931. The order of the elements is the schemas'.

use jiff::civil::Date;

use super::check::Faults;
use super::document::{Address, Category, Invoice, Kind, Line, Party, TaxTotal, Vat};
use super::xml::{Xml, dashed};
use crate::amount::{plain, rate};

/// The two kinds of document differ in a few names.
struct Names {
    root: &'static str,
    namespace: &'static str,
    type_code: &'static str,
    line: &'static str,
    quantity: &'static str,
}

const INVOICE: Names = Names {
    root: "Invoice",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2",
    type_code: "cbc:InvoiceTypeCode",
    line: "cac:InvoiceLine",
    quantity: "cbc:InvoicedQuantity",
};

const CREDIT_NOTE: Names = Names {
    root: "CreditNote",
    namespace: "urn:oasis:names:specification:ubl:schema:xsd:CreditNote-2",
    type_code: "cbc:CreditNoteTypeCode",
    line: "cac:CreditNoteLine",
    quantity: "cbc:CreditedQuantity",
};

/// Writes the document.
///
/// # Errors
/// It is incomplete or does not add up.
pub fn write(invoice: &Invoice) -> Result<Vec<u8>, Faults> {
    invoice.check()?;
    let names = if invoice.kind.is_credit_note() {
        CREDIT_NOTE
    } else {
        INVOICE
    };
    let namespaces = [
        ("xmlns", names.namespace),
        (
            "xmlns:cac",
            "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
        ),
        (
            "xmlns:cbc",
            "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
        ),
    ];
    let mut xml = Xml::new();
    xml.with(names.root, &namespaces, |xml| {
        header(xml, invoice, &names);
        parties(xml, invoice);
        paying(xml, invoice);
        for off in &invoice.allowances {
            xml.group("cac:AllowanceCharge", |xml| {
                charge(xml, invoice, false, &off.reason, off.amount);
                category(xml, "cac:TaxCategory", off.vat, |_| {});
            });
        }
        sums(xml, invoice);
        for (index, line) in invoice.lines.iter().enumerate() {
            position(xml, invoice, &names, index + 1, line);
        }
    });
    Ok(xml.finish())
}

fn header(xml: &mut Xml, invoice: &Invoice, names: &Names) {
    xml.text("cbc:CustomizationID", super::GUIDELINE);
    xml.optional(
        "cbc:ProfileID",
        invoice.french.as_ref().map(|french| french.nature.code()),
    );
    xml.text("cbc:ID", &invoice.number);
    xml.text("cbc:IssueDate", &dashed(invoice.issued));
    if let Some(due) = invoice.due.filter(|_| !invoice.kind.is_credit_note()) {
        xml.text("cbc:DueDate", &dashed(due));
    }
    xml.text(names.type_code, invoice.kind.code());
    for note in invoice.all_notes() {
        // EN 16931-3-2: UBL has no place for the subject of a note.
        let subject = note.subject.map(|subject| format!("#{subject}#"));
        xml.text(
            "cbc:Note",
            &format!("{}{}", subject.unwrap_or_default(), note.text),
        );
    }
    xml.text("cbc:DocumentCurrencyCode", &invoice.currency.code);
    let home = invoice.home_vat.as_ref();
    xml.optional(
        "cbc:TaxCurrencyCode",
        home.map(|home| home.currency.code.as_str()),
    );
    xml.optional("cbc:BuyerReference", invoice.buyer_reference.as_deref());
    if invoice.period.is_some() || invoice.vat_on_debits() {
        xml.group("cac:InvoicePeriod", |xml| {
            days(xml, invoice.period);
            if invoice.vat_on_debits() {
                // UNTDID 2005: the date of the invoice.
                xml.text("cbc:DescriptionCode", "3");
            }
        });
    }
    if let Some(order) = &invoice.order {
        xml.group("cac:OrderReference", |xml| xml.text("cbc:ID", order));
    }
    if let Kind::CreditNote { corrects, issued } = &invoice.kind {
        xml.group("cac:BillingReference", |xml| {
            xml.group("cac:InvoiceDocumentReference", |xml| {
                xml.text("cbc:ID", corrects);
                xml.text("cbc:IssueDate", &dashed(*issued));
            });
        });
    }
}

fn parties(xml: &mut Xml, invoice: &Invoice) {
    let with_vat_ids = invoice.shows_vat_ids();
    xml.group("cac:AccountingSupplierParty", |xml| {
        party(
            xml,
            &invoice.seller,
            with_vat_ids,
            invoice.seller.legal.as_deref(),
        );
    });
    xml.group("cac:AccountingCustomerParty", |xml| {
        party(xml, &invoice.buyer, with_vat_ids, None);
    });
    if invoice.delivery.is_none() && invoice.supplied.is_none() {
        return;
    }
    xml.group("cac:Delivery", |xml| {
        if let Some(supplied) = invoice.supplied {
            xml.text("cbc:ActualDeliveryDate", &dashed(supplied));
        }
        if let Some(delivery) = &invoice.delivery {
            xml.group("cac:DeliveryLocation", |xml| {
                address(xml, "cac:Address", &delivery.address);
            });
            if let Some(name) = &delivery.name {
                xml.group("cac:DeliveryParty", |xml| {
                    xml.group("cac:PartyName", |xml| xml.text("cbc:Name", name));
                });
            }
        }
    });
}

fn party(xml: &mut Xml, party: &Party, with_vat_id: bool, legal: Option<&str>) {
    xml.group("cac:Party", |xml| {
        if let Some(endpoint) = &party.endpoint {
            let scheme = [("schemeID", endpoint.scheme.as_str())];
            xml.text_with("cbc:EndpointID", &scheme, &endpoint.id);
        }
        address(xml, "cac:PostalAddress", &party.address);
        if let Some(vat_id) = party.vat_id.as_ref().filter(|_| with_vat_id) {
            xml.group("cac:PartyTaxScheme", |xml| {
                xml.text("cbc:CompanyID", vat_id);
                tax_scheme(xml);
            });
        }
        xml.group("cac:PartyLegalEntity", |xml| {
            xml.text("cbc:RegistrationName", &party.name);
            if let Some(entry) = &party.registration {
                match &entry.scheme {
                    Some(scheme) => {
                        xml.text_with("cbc:CompanyID", &[("schemeID", scheme)], &entry.id);
                    }
                    None => xml.text("cbc:CompanyID", &entry.id),
                }
            }
            xml.optional("cbc:CompanyLegalForm", legal);
        });
    });
}

fn address(xml: &mut Xml, name: &str, address: &Address) {
    let line = |index| address.lines.get(index).map(String::as_str);
    xml.group(name, |xml| {
        xml.optional("cbc:StreetName", line(0));
        xml.optional("cbc:AdditionalStreetName", line(1));
        xml.text("cbc:CityName", &address.city);
        xml.text("cbc:PostalZone", &address.postcode);
        xml.optional("cbc:CountrySubentity", address.region.as_deref());
        if let Some(third) = line(2) {
            xml.group("cac:AddressLine", |xml| xml.text("cbc:Line", third));
        }
        xml.group("cac:Country", |xml| {
            xml.text("cbc:IdentificationCode", &address.country);
        });
    });
}

fn paying(xml: &mut Xml, invoice: &Invoice) {
    if let Some(account) = &invoice.payment.account {
        xml.group("cac:PaymentMeans", |xml| {
            xml.text("cbc:PaymentMeansCode", invoice.means_code());
            // A credit note has no DueDate of its own.
            if let Some(due) = invoice.due.filter(|_| invoice.kind.is_credit_note()) {
                xml.text("cbc:PaymentDueDate", &dashed(due));
            }
            xml.optional("cbc:PaymentID", invoice.payment.reference.as_deref());
            xml.group("cac:PayeeFinancialAccount", |xml| {
                xml.text("cbc:ID", &account.iban);
                xml.text("cbc:Name", &account.holder);
                if let Some(bic) = &account.bic {
                    xml.group("cac:FinancialInstitutionBranch", |xml| {
                        xml.text("cbc:ID", bic);
                    });
                }
            });
        });
    }
    if let Some(terms) = &invoice.payment.terms {
        xml.group("cac:PaymentTerms", |xml| xml.text("cbc:Note", terms));
    }
}

fn sums(xml: &mut Xml, invoice: &Invoice) {
    let totals = &invoice.totals;
    xml.group("cac:TaxTotal", |xml| {
        money(xml, invoice, "cbc:TaxAmount", totals.vat);
        for tax in &invoice.taxes {
            subtotal(xml, invoice, tax);
        }
    });
    if let Some(home) = &invoice.home_vat {
        let currency = [("currencyID", home.currency.code.as_str())];
        let amount = plain(home.amount, home.currency.decimals);
        xml.group("cac:TaxTotal", |xml| {
            xml.text_with("cbc:TaxAmount", &currency, &amount);
        });
    }
    xml.group("cac:LegalMonetaryTotal", |xml| {
        money(xml, invoice, "cbc:LineExtensionAmount", totals.lines);
        money(xml, invoice, "cbc:TaxExclusiveAmount", totals.without_vat);
        money(xml, invoice, "cbc:TaxInclusiveAmount", totals.with_vat);
        if totals.allowances != 0 {
            money(xml, invoice, "cbc:AllowanceTotalAmount", totals.allowances);
        }
        if totals.prepaid != 0 {
            money(xml, invoice, "cbc:PrepaidAmount", totals.prepaid);
        }
        money(xml, invoice, "cbc:PayableAmount", totals.due);
    });
}

fn subtotal(xml: &mut Xml, invoice: &Invoice, tax: &TaxTotal) {
    xml.group("cac:TaxSubtotal", |xml| {
        money(xml, invoice, "cbc:TaxableAmount", tax.base);
        money(xml, invoice, "cbc:TaxAmount", tax.amount);
        category(xml, "cac:TaxCategory", tax.vat, |xml| {
            let reason = tax.exemption.as_ref();
            let code = reason.and_then(|reason| reason.code.as_deref());
            xml.optional("cbc:TaxExemptionReasonCode", code);
            xml.optional(
                "cbc:TaxExemptionReason",
                reason.map(|reason| reason.text.as_str()),
            );
        });
    });
}

fn position(xml: &mut Xml, invoice: &Invoice, names: &Names, number: usize, line: &Line) {
    xml.group(names.line, |xml| {
        xml.text("cbc:ID", &number.to_string());
        let unit = [("unitCode", line.unit.code())];
        xml.text_with(names.quantity, &unit, &line.quantity.to_string());
        money(xml, invoice, "cbc:LineExtensionAmount", line.net);
        if line.period.is_some() {
            xml.group("cac:InvoicePeriod", |xml| days(xml, line.period));
        }
        if line.discount != 0 {
            xml.group("cac:AllowanceCharge", |xml| {
                let reason = invoice.discount_reason(line);
                charge(xml, invoice, line.discount < 0, reason, line.discount.abs());
            });
        }
        xml.group("cac:Item", |xml| {
            xml.optional("cbc:Description", line.description.as_deref());
            xml.text("cbc:Name", &line.text);
            category(xml, "cac:ClassifiedTaxCategory", line.vat, |_| {});
        });
        xml.group("cac:Price", |xml| {
            money(xml, invoice, "cbc:PriceAmount", line.unit_price);
        });
    });
}

fn charge(xml: &mut Xml, invoice: &Invoice, is_charge: bool, reason: &str, amount: i64) {
    xml.text(
        "cbc:ChargeIndicator",
        if is_charge { "true" } else { "false" },
    );
    xml.text("cbc:AllowanceChargeReason", reason);
    money(xml, invoice, "cbc:Amount", amount);
}

/// What is not subject to VAT has no rate (BR-48, BR-O-05).
fn category(xml: &mut Xml, name: &str, vat: Vat, reasons: impl FnOnce(&mut Xml)) {
    xml.group(name, |xml| {
        xml.text("cbc:ID", vat.category.code());
        if vat.category != Category::O {
            xml.text("cbc:Percent", &rate(vat.rate));
        }
        reasons(xml);
        tax_scheme(xml);
    });
}

fn tax_scheme(xml: &mut Xml) {
    xml.group("cac:TaxScheme", |xml| xml.text("cbc:ID", "VAT"));
}

fn days(xml: &mut Xml, period: Option<(Date, Date)>) {
    if let Some((first, last)) = period {
        xml.text("cbc:StartDate", &dashed(first));
        xml.text("cbc:EndDate", &dashed(last));
    }
}

fn money(xml: &mut Xml, invoice: &Invoice, name: &str, minor: i64) {
    let currency = [("currencyID", invoice.currency.code.as_str())];
    xml.text_with(name, &currency, &plain(minor, invoice.currency.decimals));
}
