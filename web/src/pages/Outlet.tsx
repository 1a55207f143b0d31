// Shows the page of the address: looks whether it may be opened, loads it, and gives it the focus.
import { useSignal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { PageHead } from "../ui/parts/Panel.tsx";
import { Empty, Failed, Loading } from "../ui/parts/State.tsx";
import { go, place } from "../ui/router/router.ts";
import { session } from "../venue/venue.ts";
import { withNext } from "./door/next.ts";
import { type Access, matchOf, type PageProps, pathTo, ROUTES, type RouteName } from "./routes.ts";

export function Outlet() {
  const { path, query } = place.value;
  const match = matchOf(path);
  useEffect(() => {
    if (path === "/") go(pathTo("market"), { replace: true });
  }, [path]);
  if (match === null) return path === "/" ? null : <NoSuchPage />;
  const access = accessTo(ROUTES[match.name].access);
  if (access === "wait") return <Loading what="your session" />;
  if (access === "sign in") return <ToSignIn />;
  if (access === "no") return <NotForYou title={ROUTES[match.name].title} />;
  return <Loaded name={match.name} params={match.params} query={query} />;
}

function accessTo(access: Access): "yes" | "no" | "sign in" | "wait" {
  const state = session.state.value;
  if (access === "anyone") return "yes";
  if (state.kind === "unknown") return "wait";
  if (state.kind === "none") return "sign in";
  return access === "session" || state.user.role === "admin" ? "yes" : "no";
}

function Loaded({ name, params, query }: PageProps & { readonly name: RouteName }) {
  const loaded = useSignal<{ name: RouteName; page: ComponentType<PageProps> } | null>(null);
  const error = useSignal<unknown>(null);
  const load = () => {
    error.value = null;
    // Each route's page takes the parts of its own path, which is what it was matched by.
    (ROUTES[name].load() as Promise<ComponentType<PageProps>>).then(
      (page) => (loaded.value = { name, page }),
      (reason: unknown) => (error.value = reason),
    );
  };
  useEffect(load, [name]);
  const title = ROUTES[name].title;
  const page = loaded.value?.name === name ? loaded.value.page : null;
  const key = Object.values(params).join("/");
  useEffect(() => {
    document.title = `${title} · pricetime`;
    if (page !== null) focusTitle();
  }, [page, key, title]);
  if (error.value !== null) return <Failed error={error.value} onRetry={load} />;
  if (page === null) return <Loading what={title.toLowerCase()} />;
  const Page = page;
  return <Page key={key} params={params} query={query} />;
}

/** So that screen readers say where they are. A field that wants the focus keeps it. */
function focusTitle(): void {
  const main = document.querySelector("main");
  if (main === null || main.contains(document.activeElement)) return;
  const wanted =
    main.querySelector<HTMLElement>("[autofocus]") ?? main.querySelector<HTMLElement>("h1") ?? main;
  wanted.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function ToSignIn() {
  useEffect(() => {
    go(withNext(pathTo("signIn"), location.pathname + location.search), { replace: true });
  }, []);
  return null;
}

function NotForYou({ title }: { readonly title: string }) {
  return (
    <>
      <PageHead title={title} />
      <Empty title="This page is for administrators">
        Your role does not permit it. An administrator can give you another one, or you can{" "}
        <a href={pathTo("market")}>go to the market</a>.
      </Empty>
    </>
  );
}

function NoSuchPage() {
  return (
    <>
      <PageHead title="Not found" />
      <Empty title="There is no such page">
        <a href={pathTo("market")}>Go to the market</a>
      </Empty>
    </>
  );
}
