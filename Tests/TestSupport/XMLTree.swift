import Foundation
import FoundationXML

/// A parsed document; parsing throws unless it is well-formed.
package struct XMLTree {
  package final class Element {
    package let name: String
    package let attributes: [String: String]
    package var children: [Element] = []
    /// Its own text and that of all elements in it.
    package var text = ""

    init(name: String, attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    package var descendants: [Element] {
      children + children.flatMap(\.descendants)
    }
  }

  package struct NotWellFormed: Error {
    package let line: Int
    package let reason: String
  }

  package let root: Element

  package init(_ text: String) throws {
    let builder = Builder()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = builder
    guard parser.parse(), let root = builder.root else {
      throw NotWellFormed(
        line: parser.lineNumber, reason: "\(parser.parserError as Any)")
    }
    self.root = root
  }

  package var elements: [Element] { [root] + root.descendants }

  package func elements(named name: String) -> [Element] {
    elements.filter { $0.name == name }
  }

  private final class Builder: NSObject, XMLParserDelegate {
    var root: Element?
    private var open: [Element] = []

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      let element = Element(name: name, attributes: attributes)
      open.last?.children.append(element)
      if root == nil { root = element }
      open.append(element)
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?,
      qualifiedName: String?
    ) {
      open.removeLast()
    }

    func parser(_ parser: XMLParser, foundCharacters text: String) {
      for element in open { element.text += text }
    }
  }
}
