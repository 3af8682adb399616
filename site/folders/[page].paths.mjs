import { FOLDER_PAGES } from "../pages.mjs";

export default { paths: () => FOLDER_PAGES };
