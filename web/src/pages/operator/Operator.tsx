// The pages of administrators: the venue's state, its stocks, users, audits, journal and engines.
import type { ComponentType } from "preact";
import { PageHead } from "../../ui/parts/Panel.tsx";
import { Empty } from "../../ui/parts/State.tsx";
import { type PageProps, pathTo } from "../routes.ts";
import { Audit } from "./Audit.tsx";
import { Engines } from "./Engines.tsx";
import { Journal } from "./Journal.tsx";
import { Overview } from "./Overview.tsx";
import { Stocks } from "./Stocks.tsx";
import { Users } from "./Users.tsx";
import "./operator.css";

interface Section {
  readonly title: string;
  readonly path: string;
  readonly page: ComponentType<{ readonly query: URLSearchParams }>;
}

const SECTIONS: Readonly<Record<string, Section>> = {
  overview: { title: "Overview", path: pathTo("operator"), page: Overview },
  stocks: { title: "Stocks", path: pathTo("operatorPage", { page: "stocks" }), page: Stocks },
  users: { title: "Users", path: pathTo("operatorPage", { page: "users" }), page: Users },
  audit: { title: "Audit", path: pathTo("operatorPage", { page: "audit" }), page: Audit },
  journal: { title: "Journal", path: pathTo("operatorPage", { page: "journal" }), page: Journal },
  engines: { title: "Engines", path: pathTo("operatorPage", { page: "engines" }), page: Engines },
};

export function Operator({ params, query }: PageProps) {
  const section = SECTIONS[params["page"] ?? "overview"];
  const Page = section?.page;
  return (
    <>
      <PageHead title={section === undefined ? "Operator" : `Operator: ${section.title.toLowerCase()}`}>
        <nav class="sections" aria-label="Operator pages">
          {Object.entries(SECTIONS).map(([name, { title, path }]) => (
            <a key={name} href={path} aria-current={section?.title === title ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
      </PageHead>
      {Page === undefined ? (
        <Empty title="There is no such page">
          <a href={pathTo("operator")}>Go to the overview</a>
        </Empty>
      ) : (
        <Page query={query} />
      )}
    </>
  );
}
