/// Why a request was not done: `application/problem+json` on the wire. Nothing was changed by it.
package struct Problem: Error, Hashable, Sendable {
  package var status: Int
  /// Stable, in kebab case: `unknown-domain`, `bad-request`, `not-available`.
  package var code: String
  package var title: String
  package var detail: String
  package var hint: String?
  /// JSON pointer into the request's body: `/domains/0`.
  package var pointer: String?

  package init(
    status: Int, code: String, title: String, detail: String, hint: String? = nil, pointer: String? = nil
  ) {
    self.status = status
    self.code = code
    self.title = title
    self.detail = detail
    self.hint = hint
    self.pointer = pointer
  }
}
