"""Search as the R4 page describes it, for the tests to compare the server with.

Written from the specification alone, it shares no parser, extraction, date or number code with the server: it
takes only the definitions of search parameters, which are HL7's data. It is slow and plain on purpose; who
doubts an answer reads the function that cites that section of the page.

R4 leaves some things to servers. What this one chose, which the oracle therefore follows:

- matches come in the order in which they were first stored; missing values are sorted last in both directions
- a date or time without a zone is one of the server's own zone; "above" a date is after its last moment
- one digit with an exponent counts as two, as in the example 1e2; `ap` is the recommended tenth
- units of UCUM that measure the same are converted, all others compared as written
- punctuation counts as a space in strings; ligatures as their letters; text of punctuation alone is compared
  as it stands
- a HumanName is also found by its given names and family name as they are spoken, where it has no text
- tokens are compared with regard to case, but for those on elements of type string
- :text of a token finds the text anywhere in what stands beside the code, :text of a string all its words
- a reference is found whatever its version, unless the search names one; a canonical is found, and sorted,
  with its version and without
- :above and :below of URLs go by whole segments of the path, as later releases of the page say
- a name or address without text, a Quantity without value and a Timing without limits count as :missing
- an id in several types, or a chain into several types, is no error and finds them all

https://hl7.org/fhir/R4/search.html
"""
