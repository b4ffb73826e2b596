// SPDX-License-Identifier: Apache-2.0

/// A file of the pages for people, which is part of the program.
struct PageFile: Sendable {
    /// Where it is served.
    let path: String
    let mediaType: String
    let bytes: [UInt8]

    /// Everything that is served, as it lies under Pages/: an import in a script is right here and there.
    static let all: [PageFile] = [
        PageFile("/", .html, PackageResources.playground_html),
        PageFile("/admin", .html, PackageResources.admin_html),
        PageFile("/page/shared/api.js", .javascript, PackageResources.api_js),
        PageFile("/page/shared/base.css", .css, PackageResources.base_css),
        PageFile("/page/shared/dom.js", .javascript, PackageResources.dom_js),
        PageFile("/page/shared/icon.svg", .svg, PackageResources.icon_svg),
        PageFile("/page/shared/tabs.js", .javascript, PackageResources.tabs_js),
        PageFile("/page/playground/account.js", .javascript, PackageResources.account_js),
        PageFile("/page/playground/code.js", .javascript, PackageResources.code_js),
        PageFile("/page/playground/compare.js", .javascript, PackageResources.compare_js),
        PageFile("/page/playground/events.js", .javascript, PackageResources.events_js),
        PageFile("/page/playground/fields.js", .javascript, PackageResources.fields_js),
        PageFile("/page/playground/gallery.js", .javascript, PackageResources.gallery_js),
        PageFile("/page/playground/history.js", .javascript, PackageResources.history_js),
        PageFile("/page/playground/job.js", .javascript, PackageResources.job_js),
        PageFile("/page/playground/playground.css", .css, PackageResources.playground_css),
        PageFile("/page/playground/playground.js", .javascript, PackageResources.playground_js),
        PageFile("/page/playground/reference.js", .javascript, PackageResources.reference_js),
        PageFile("/page/playground/running.js", .javascript, PackageResources.running_js),
        PageFile("/page/playground/snippets.js", .javascript, PackageResources.snippets_js),
        PageFile("/page/playground/stage.js", .javascript, PackageResources.stage_js),
        PageFile("/page/admin/accounts.js", .javascript, PackageResources.accounts_js),
        PageFile("/page/admin/admin.css", .css, PackageResources.admin_css),
        PageFile("/page/admin/admin.js", .javascript, PackageResources.admin_js),
        PageFile("/page/admin/errors.js", .javascript, PackageResources.errors_js),
        PageFile("/page/admin/keys.js", .javascript, PackageResources.keys_js),
        PageFile("/page/admin/tables.js", .javascript, PackageResources.tables_js),
        PageFile("/page/admin/throughput.js", .javascript, PackageResources.throughput_js),
    ]

    private enum Kind: String {
        case html = "text/html; charset=utf-8"
        case css = "text/css; charset=utf-8"
        case javascript = "text/javascript; charset=utf-8"
        case svg = "image/svg+xml"
    }

    private init(_ path: String, _ kind: Kind, _ bytes: [UInt8]) {
        self.path = path
        mediaType = kind.rawValue
        self.bytes = bytes
    }
}
