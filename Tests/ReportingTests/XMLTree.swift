import Foundation
import FoundationXML

/// A parsed document; parsing throws unless it is well-formed.
struct XMLTree {
  final class Element {
    let name: String
    let attributes: [String: String]
    var children: [Element] = []
    /// Its own text and that of all elements in it.
    var text = ""

    init(name: String, attributes: [String: String]) {
      self.name = name
      self.attributes = attributes
    }

    var descendants: [Element] { children + children.flatMap(\.descendants) }
  }

  struct NotWellFormed: Error {
    let line: Int
    let reason: String
  }

  let root: Element

  init(_ text: String) throws {
    let builder = Builder()
    let parser = XMLParser(data: Data(text.utf8))
    parser.delegate = builder
    guard parser.parse(), let root = builder.root else {
      throw NotWellFormed(
        line: parser.lineNumber, reason: "\(parser.parserError as Any)")
    }
    self.root = root
  }

  var elements: [Element] { [root] + root.descendants }

  func elements(named name: String) -> [Element] {
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
