//! The document as UN/CEFACT Cross Industry Invoice D22B, by EN 16931 and the profile of the same name of Factur-X 1.0.
//! The order of the elements is the schema's.

use jiff::civil::Date;

use super::check::Faults;
use super::document::{Address, Category, Invoice, Kind, Line, Party, TaxTotal, Vat};
use super::xml::{Xml, compact};
use crate::amount::{plain, rate};

const NAMESPACES: [(&str, &str); 4] = [
    (
        "xmlns:rsm",
        "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    ),
    (
        "xmlns:ram",
        "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    ),
    (
        "xmlns:qdt",
        "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
    ),
    (
        "xmlns:udt",
        "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    ),
];

/// Writes the document.
///
/// # Errors
/// It is incomplete or does not add up.
pub fn write(invoice: &Invoice) -> Result<Vec<u8>, Faults> {
    invoice.check()?;
    let mut xml = Xml::new();
    xml.with("rsm:CrossIndustryInvoice", &NAMESPACES, |xml| {
        context(xml, invoice);
        header(xml, invoice);
        xml.group("rsm:SupplyChainTradeTransaction", |xml| {
            for (index, line) in invoice.lines.iter().enumerate() {
                position(xml, invoice, index + 1, line);
            }
            agreement(xml, invoice);
            delivery(xml, invoice);
            settlement(xml, invoice);
        });
    });
    Ok(xml.finish())
}

fn context(xml: &mut Xml, invoice: &Invoice) {
    xml.group("rsm:ExchangedDocumentContext", |xml| {
        if let Some(french) = &invoice.french {
            xml.group(
                "ram:BusinessProcessSpecifiedDocumentContextParameter",
                |xml| {
                    xml.text("ram:ID", french.nature.code());
                },
            );
        }
        xml.group("ram:GuidelineSpecifiedDocumentContextParameter", |xml| {
            xml.text("ram:ID", super::GUIDELINE);
        });
    });
}

fn header(xml: &mut Xml, invoice: &Invoice) {
    xml.group("rsm:ExchangedDocument", |xml| {
        xml.text("ram:ID", &invoice.number);
        xml.text("ram:TypeCode", invoice.kind.code());
        moment(xml, "ram:IssueDateTime", invoice.issued);
        for note in invoice.all_notes() {
            xml.group("ram:IncludedNote", |xml| {
                xml.text("ram:Content", &note.text);
                xml.optional("ram:SubjectCode", note.subject.as_deref());
            });
        }
    });
}

fn position(xml: &mut Xml, invoice: &Invoice, number: usize, line: &Line) {
    let decimals = invoice.currency.decimals;
    xml.group("ram:IncludedSupplyChainTradeLineItem", |xml| {
        xml.group("ram:AssociatedDocumentLineDocument", |xml| {
            xml.text("ram:LineID", &number.to_string());
        });
        xml.group("ram:SpecifiedTradeProduct", |xml| {
            xml.text("ram:Name", &line.text);
            xml.optional("ram:Description", line.description.as_deref());
        });
        xml.group("ram:SpecifiedLineTradeAgreement", |xml| {
            xml.group("ram:NetPriceProductTradePrice", |xml| {
                xml.text("ram:ChargeAmount", &plain(line.unit_price, decimals));
            });
        });
        xml.group("ram:SpecifiedLineTradeDelivery", |xml| {
            let unit = [("unitCode", line.unit.code())];
            xml.text_with("ram:BilledQuantity", &unit, &line.quantity.to_string());
        });
        xml.group("ram:SpecifiedLineTradeSettlement", |xml| {
            xml.group("ram:ApplicableTradeTax", |xml| category(xml, line.vat));
            period(xml, line.period);
            if line.discount != 0 {
                xml.group("ram:SpecifiedTradeAllowanceCharge", |xml| {
                    charge(xml, line.discount < 0, line.discount.abs(), decimals);
                    xml.text("ram:Reason", invoice.discount_reason(line));
                });
            }
            xml.group("ram:SpecifiedTradeSettlementLineMonetarySummation", |xml| {
                xml.text("ram:LineTotalAmount", &plain(line.net, decimals));
            });
        });
    });
}

fn agreement(xml: &mut Xml, invoice: &Invoice) {
    xml.group("ram:ApplicableHeaderTradeAgreement", |xml| {
        xml.optional("ram:BuyerReference", invoice.buyer_reference.as_deref());
        let with_vat_ids = invoice.shows_vat_ids();
        xml.group("ram:SellerTradeParty", |xml| {
            party(
                xml,
                &invoice.seller,
                with_vat_ids,
                invoice.seller.legal.as_deref(),
            );
        });
        xml.group("ram:BuyerTradeParty", |xml| {
            party(xml, &invoice.buyer, with_vat_ids, None);
        });
        if let Some(order) = &invoice.order {
            xml.group("ram:BuyerOrderReferencedDocument", |xml| {
                xml.text("ram:IssuerAssignedID", order);
            });
        }
    });
}

fn party(xml: &mut Xml, party: &Party, with_vat_id: bool, legal: Option<&str>) {
    xml.text("ram:Name", &party.name);
    xml.optional("ram:Description", legal);
    if let Some(entry) = &party.registration {
        xml.group("ram:SpecifiedLegalOrganization", |xml| {
            scheme(xml, "ram:ID", entry.scheme.as_deref(), &entry.id);
        });
    }
    address(xml, &party.address);
    if let Some(endpoint) = &party.endpoint {
        xml.group("ram:URIUniversalCommunication", |xml| {
            scheme(xml, "ram:URIID", Some(&endpoint.scheme), &endpoint.id);
        });
    }
    if let Some(vat_id) = party.vat_id.as_ref().filter(|_| with_vat_id) {
        xml.group("ram:SpecifiedTaxRegistration", |xml| {
            scheme(xml, "ram:ID", Some("VA"), vat_id);
        });
    }
}

fn scheme(xml: &mut Xml, name: &str, scheme: Option<&str>, id: &str) {
    match scheme {
        Some(scheme) => xml.text_with(name, &[("schemeID", scheme)], id),
        None => xml.text(name, id),
    }
}

fn address(xml: &mut Xml, address: &Address) {
    const LINES: [&str; 3] = ["ram:LineOne", "ram:LineTwo", "ram:LineThree"];
    xml.group("ram:PostalTradeAddress", |xml| {
        xml.text("ram:PostcodeCode", &address.postcode);
        for (name, line) in LINES.iter().zip(&address.lines) {
            xml.text(name, line);
        }
        xml.text("ram:CityName", &address.city);
        xml.text("ram:CountryID", &address.country);
        xml.optional("ram:CountrySubDivisionName", address.region.as_deref());
    });
}

fn delivery(xml: &mut Xml, invoice: &Invoice) {
    xml.group("ram:ApplicableHeaderTradeDelivery", |xml| {
        if let Some(delivery) = &invoice.delivery {
            xml.group("ram:ShipToTradeParty", |xml| {
                xml.optional("ram:Name", delivery.name.as_deref());
                address(xml, &delivery.address);
            });
        }
        if let Some(supplied) = invoice.supplied {
            xml.group("ram:ActualDeliverySupplyChainEvent", |xml| {
                moment(xml, "ram:OccurrenceDateTime", supplied);
            });
        }
    });
}

fn settlement(xml: &mut Xml, invoice: &Invoice) {
    xml.group("ram:ApplicableHeaderTradeSettlement", |xml| {
        xml.optional("ram:PaymentReference", invoice.payment.reference.as_deref());
        let home = invoice.home_vat.as_ref();
        xml.optional(
            "ram:TaxCurrencyCode",
            home.map(|home| home.currency.code.as_str()),
        );
        xml.text("ram:InvoiceCurrencyCode", &invoice.currency.code);
        means(xml, invoice);
        for tax in &invoice.taxes {
            tax_total(xml, invoice, tax);
        }
        period(xml, invoice.period);
        for off in &invoice.allowances {
            xml.group("ram:SpecifiedTradeAllowanceCharge", |xml| {
                charge(xml, false, off.amount, invoice.currency.decimals);
                xml.text("ram:Reason", &off.reason);
                xml.group("ram:CategoryTradeTax", |xml| category(xml, off.vat));
            });
        }
        if invoice.payment.terms.is_some() || invoice.due.is_some() {
            xml.group("ram:SpecifiedTradePaymentTerms", |xml| {
                xml.optional("ram:Description", invoice.payment.terms.as_deref());
                if let Some(due) = invoice.due {
                    moment(xml, "ram:DueDateDateTime", due);
                }
            });
        }
        sums(xml, invoice);
        if let Kind::CreditNote { corrects, issued } = &invoice.kind {
            xml.group("ram:InvoiceReferencedDocument", |xml| {
                xml.text("ram:IssuerAssignedID", corrects);
                xml.group("ram:FormattedIssueDateTime", |xml| {
                    xml.text_with(
                        "qdt:DateTimeString",
                        &[("format", "102")],
                        &compact(*issued),
                    );
                });
            });
        }
    });
}

fn means(xml: &mut Xml, invoice: &Invoice) {
    let Some(account) = &invoice.payment.account else {
        return;
    };
    xml.group("ram:SpecifiedTradeSettlementPaymentMeans", |xml| {
        xml.text("ram:TypeCode", invoice.means_code());
        xml.group("ram:PayeePartyCreditorFinancialAccount", |xml| {
            xml.text("ram:IBANID", &account.iban);
            xml.text("ram:AccountName", &account.holder);
        });
        if let Some(bic) = &account.bic {
            xml.group("ram:PayeeSpecifiedCreditorFinancialInstitution", |xml| {
                xml.text("ram:BICID", bic);
            });
        }
    });
}

fn tax_total(xml: &mut Xml, invoice: &Invoice, tax: &TaxTotal) {
    let decimals = invoice.currency.decimals;
    let reason = tax.exemption.as_ref();
    xml.group("ram:ApplicableTradeTax", |xml| {
        xml.text("ram:CalculatedAmount", &plain(tax.amount, decimals));
        xml.text("ram:TypeCode", "VAT");
        xml.optional(
            "ram:ExemptionReason",
            reason.map(|reason| reason.text.as_str()),
        );
        xml.text("ram:BasisAmount", &plain(tax.base, decimals));
        xml.text("ram:CategoryCode", tax.vat.category.code());
        xml.optional(
            "ram:ExemptionReasonCode",
            reason.and_then(|reason| reason.code.as_deref()),
        );
        if invoice.vat_on_debits() {
            // UNTDID 2475: the date of the invoice.
            xml.text("ram:DueDateTypeCode", "5");
        }
        percent(xml, tax.vat);
    });
}

fn sums(xml: &mut Xml, invoice: &Invoice) {
    let totals = &invoice.totals;
    let amount = |minor| plain(minor, invoice.currency.decimals);
    let currency = [("currencyID", invoice.currency.code.as_str())];
    xml.group(
        "ram:SpecifiedTradeSettlementHeaderMonetarySummation",
        |xml| {
            xml.text("ram:LineTotalAmount", &amount(totals.lines));
            if totals.allowances != 0 {
                xml.text("ram:AllowanceTotalAmount", &amount(totals.allowances));
            }
            xml.text("ram:TaxBasisTotalAmount", &amount(totals.without_vat));
            xml.text_with("ram:TaxTotalAmount", &currency, &amount(totals.vat));
            if let Some(home) = &invoice.home_vat {
                let currency = [("currencyID", home.currency.code.as_str())];
                let amount = plain(home.amount, home.currency.decimals);
                xml.text_with("ram:TaxTotalAmount", &currency, &amount);
            }
            xml.text("ram:GrandTotalAmount", &amount(totals.with_vat));
            if totals.prepaid != 0 {
                xml.text("ram:TotalPrepaidAmount", &amount(totals.prepaid));
            }
            xml.text("ram:DuePayableAmount", &amount(totals.due));
        },
    );
}

fn charge(xml: &mut Xml, is_charge: bool, amount: i64, decimals: u8) {
    xml.group("ram:ChargeIndicator", |xml| {
        xml.text("udt:Indicator", if is_charge { "true" } else { "false" });
    });
    xml.text("ram:ActualAmount", &plain(amount, decimals));
}

fn category(xml: &mut Xml, vat: Vat) {
    xml.text("ram:TypeCode", "VAT");
    xml.text("ram:CategoryCode", vat.category.code());
    percent(xml, vat);
}

/// What is not subject to VAT has no rate (BR-48, BR-O-05).
fn percent(xml: &mut Xml, vat: Vat) {
    if vat.category != Category::O {
        xml.text("ram:RateApplicablePercent", &rate(vat.rate));
    }
}

fn period(xml: &mut Xml, period: Option<(Date, Date)>) {
    if let Some((first, last)) = period {
        xml.group("ram:BillingSpecifiedPeriod", |xml| {
            moment(xml, "ram:StartDateTime", first);
            moment(xml, "ram:EndDateTime", last);
        });
    }
}

fn moment(xml: &mut Xml, name: &str, date: Date) {
    xml.group(name, |xml| {
        xml.text_with("udt:DateTimeString", &[("format", "102")], &compact(date));
    });
}
